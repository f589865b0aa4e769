//! What other servers answered: asked for once by however many, kept for a while, failures too.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use parchment_core::{directory::Age, refusal::Refusal};

/// How long an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(300);
/// How long a failure is.
const BAD_FOR: Duration = Duration::from_secs(30);
/// How soon an answer that seems outdated is asked for again: a forged message must not make requests.
const RENEWED_AFTER: Duration = Duration::from_secs(10);
/// How many answers are kept.
const MAX_ENTRIES: usize = 10_000;

/// Answers by what was asked for.
pub(super) struct Cache<K, V> {
    entries: Mutex<HashMap<K, Arc<Slot<V>>>>,
}

/// Locked while it is asked, so that others wait for the answer. Who gives up leaves it to the next.
type Slot<V> = tokio::sync::Mutex<Option<(Instant, Result<V, Refusal>)>>;

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
        }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// The answer for `key`, from `ask` unless it is known or under way.
    pub async fn get(&self, key: &K, age: Age, ask: impl Future<Output = Result<V, Refusal>>) -> Result<V, Refusal> {
        let slot = self.slot(key);
        let mut known = slot.lock().await;
        if let Some((asked, answer)) = &*known {
            let good_for = match (age, answer) {
                (Age::Renewed, _) => RENEWED_AFTER,
                (Age::Cached, Ok(_)) => GOOD_FOR,
                (Age::Cached, Err(_)) => BAD_FOR,
            };
            if asked.elapsed() < good_for {
                return answer.clone();
            }
        }
        let answer = ask.await;
        *known = Some((Instant::now(), answer.clone()));
        answer
    }

    fn slot(&self, key: &K) -> Arc<Slot<V>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = entries.get(key) {
            return slot.clone();
        }
        if entries.len() >= MAX_ENTRIES {
            // Whoever fills it up with names gains that everybody is asked once more.
            entries.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        entries.entry(key.clone()).or_default().clone()
    }
}
