//! Answers of other servers: asked for once by however many, kept for a while, failures too.

use std::{
    collections::HashMap,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use parchment_core::refusal::{Code, Refusal};
use tokio::time::Instant;

/// How many answers are kept; beyond that, old ones go first.
const MAX_ENTRIES: usize = 10_000;

type Answer<V> = Result<V, Refusal>;

/// Answers by what was asked for.
pub(super) struct Cache<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    /// How long an answer is good.
    good_for: Duration,
    /// How long a failure is.
    bad_for: Duration,
}

struct Entry<V> {
    asked: Instant,
    /// When it was last asked for because the known answer seemed outdated.
    renewed: Option<Instant>,
    answer: Shared<BoxFuture<'static, Answer<V>>>,
    /// The good answer before this one: that the other side cannot be reached does not make it bad.
    before: Option<(Instant, V)>,
}

/// What a caller needs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    /// A known answer will do.
    Known,
    /// The known answer seems outdated: a new one, but not more often than this.
    Renewed(Duration),
}

impl<K, V> Cache<K, V>
where
    K: Clone + Eq + Hash,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(good_for: Duration, bad_for: Duration) -> Self {
        Self {
            entries: Mutex::default(),
            good_for,
            bad_for,
        }
    }

    /// The answer for `key`, asked for with `ask` unless it is known or under way.
    pub(super) async fn get(
        &self,
        key: &K,
        want: Want,
        ask: impl FnOnce() -> BoxFuture<'static, Answer<V>>,
    ) -> Answer<V> {
        let answer = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            let known = entries.get(key);
            if let Some(answer) = known.and_then(|entry| self.known(entry, want)) {
                answer
            } else {
                let entry = self.ask(known, want, ask());
                let answer = entry.answer.clone();
                if entries.len() >= MAX_ENTRIES {
                    self.make_room(&mut entries);
                }
                entries.insert(key.clone(), entry);
                answer
            }
        };
        answer.await
    }

    /// Forgets the answer for `key`. Who waits for one that is under way gets it still.
    pub(super) fn forget(&self, key: &K) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// The answer that an entry holds, if it will do.
    fn known(&self, entry: &Entry<V>, want: Want) -> Option<Shared<BoxFuture<'static, Answer<V>>>> {
        let good_enough = match (entry.answer.peek(), want) {
            (None, _) => true,
            // That this side was too busy to ask says nothing about the other.
            (Some(Err(refusal)), _) if refusal.code() == Code::Busy => false,
            (Some(_), Want::Renewed(interval)) => entry.renewed.is_some_and(|renewed| renewed.elapsed() < interval),
            (Some(Ok(_)), Want::Known) => entry.asked.elapsed() < self.good_for,
            (Some(Err(refusal)), Want::Known) => {
                if let Some((asked, value)) = &entry.before
                    && refusal.code() == Code::PeerUnreachable
                    && asked.elapsed() < self.good_for
                {
                    return Some(std::future::ready(Ok(value.clone())).boxed().shared());
                }
                entry.asked.elapsed() < self.bad_for
            }
        };
        good_enough.then(|| entry.answer.clone())
    }

    fn ask(&self, known: Option<&Entry<V>>, want: Want, asking: BoxFuture<'static, Answer<V>>) -> Entry<V> {
        let answer = async move {
            // A panic must not leave the others waiting.
            let failed = |_| Err(Refusal::new(Code::PeerUnreachable, "Asking the other server failed."));
            AssertUnwindSafe(asking).catch_unwind().await.unwrap_or_else(failed)
        };
        let answer = answer.boxed().shared();
        // On a task of its own, so that a caller who gives up does not take the answer from the others.
        tokio::spawn(answer.clone());
        let now = Instant::now();
        let before = known.and_then(|entry| match entry.answer.peek() {
            Some(Ok(value)) => Some((entry.asked, value.clone())),
            _ => entry.before.clone(),
        });
        let renewed = match want {
            Want::Renewed(_) => Some(now),
            Want::Known => known.and_then(|entry| entry.renewed),
        };
        Entry {
            asked: now,
            renewed,
            answer,
            before,
        }
    }

    fn make_room(&self, entries: &mut HashMap<K, Entry<V>>) {
        entries.retain(|_, entry| self.known(entry, Want::Known).is_some());
        if entries.len() >= MAX_ENTRIES {
            // The older half goes at once, so that this is done once in a while and not for every newcomer.
            let mut by_age: Vec<(Instant, K)> = entries.iter().map(|(key, entry)| (entry.asked, key.clone())).collect();
            by_age.sort_unstable_by_key(|(asked, _)| *asked);
            for (_, key) in by_age.into_iter().take(MAX_ENTRIES / 2) {
                entries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    fn counting(asked: &Arc<AtomicU32>, answer: Answer<u32>) -> impl FnOnce() -> BoxFuture<'static, Answer<u32>> {
        let asked = asked.clone();
        move || {
            asked.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                answer
            }
            .boxed()
        }
    }

    fn cache() -> Cache<&'static str, u32> {
        Cache::new(Duration::from_secs(300), Duration::from_secs(30))
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_share_one_question() {
        let (cache, asked) = (cache(), Arc::default());
        let answers = (0..100).map(|_| cache.get(&"a", Want::Known, counting(&asked, Ok(1))));
        assert!(
            futures_util::future::join_all(answers)
                .await
                .iter()
                .all(|answer| *answer == Ok(1))
        );
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_gives_up_does_not_take_the_answer_from_the_others() {
        let (cache, asked) = (cache(), Arc::default());
        let impatient = tokio::time::timeout(
            Duration::from_millis(1),
            cache.get(&"a", Want::Known, counting(&asked, Ok(1))),
        );
        assert!(impatient.await.is_err());
        assert_eq!(cache.get(&"a", Want::Known, counting(&asked, Ok(2))).await, Ok(1));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_and_failures_are_kept_for_their_time() {
        let (cache, asked) = (cache(), Arc::default());
        let failure = Err(Refusal::new(Code::PeerUnreachable, "no"));
        let ask = |answer| cache.get(&"a", Want::Known, counting(&asked, answer));
        assert!(ask(failure.clone()).await.is_err());
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(ask(Ok(1)).await.is_err());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(ask(Ok(1)).await, Ok(1));
        tokio::time::advance(Duration::from_secs(290)).await;
        assert_eq!(ask(Ok(2)).await, Ok(1));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_renewed_once_in_a_while_however_young_it_is() {
        let (cache, asked) = (cache(), Arc::default());
        let get = |want, answer| cache.get(&"a", want, counting(&asked, answer));
        let renewed = Want::Renewed(Duration::from_secs(10));
        assert_eq!(get(Want::Known, Ok(1)).await, Ok(1));
        assert_eq!(get(renewed, Ok(2)).await, Ok(2));
        assert_eq!(get(renewed, Ok(3)).await, Ok(2));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(get(renewed, Ok(4)).await, Ok(4));
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_to_renew_does_not_spoil_what_is_known() {
        let (cache, asked) = (cache(), Arc::default());
        let get = |want, answer| cache.get(&"a", want, counting(&asked, answer));
        let failure = Err(Refusal::new(Code::PeerUnreachable, "no"));
        assert_eq!(get(Want::Known, Ok(1)).await, Ok(1));
        assert_eq!(
            get(Want::Renewed(Duration::from_secs(10)), failure.clone()).await,
            failure
        );
        assert_eq!(get(Want::Known, Ok(2)).await, Ok(1));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn strangers_cannot_fill_the_memory() {
        let cache = Cache::new(Duration::from_secs(300), Duration::from_secs(30));
        for key in 0..(MAX_ENTRIES as u32 * 2) {
            let _ = cache
                .get(&key, Want::Known, || std::future::ready(Ok(key)).boxed())
                .await;
        }
        assert!(cache.entries.lock().unwrap().len() <= MAX_ENTRIES);
    }
}
