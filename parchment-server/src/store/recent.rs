//! Answers that are kept for as long as nothing is written.
//!
//! Two looks at a database with the same [`State`] saw the same rows, whoever else may write to it, in this process or
//! another. What is kept here is therefore never older than a query would be, and nobody has to be told of a change.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use super::{Store, StoreError};

/// How many answers are kept; beyond that all are forgotten.
const MAX_ENTRIES: usize = 4096;

/// What a database was like at some moment: any commit of anybody changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State(pub(super) [u8; 48]);

/// Answers by what was asked, all of one state.
#[derive(Debug)]
pub struct Recent<K, V>(Mutex<Option<Known<K, V>>>);

#[derive(Debug)]
struct Known<K, V> {
    state: State,
    answers: HashMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// The answer that is known, if nothing was written since.
    pub fn known<Q: Eq + Hash + ?Sized>(&self, store: &Store, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let state = store.state()?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .filter(|known| known.state == state)?
            .answers
            .get(key)
            .cloned()
    }

    /// The answer that is known, or that `ask` gets from the database; that there is none is not kept.
    ///
    /// # Errors
    ///
    /// What `ask` fails with.
    pub async fn get(
        &self,
        store: &Store,
        key: K,
        ask: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<V>, StoreError> {
        if let Some(answer) = self.known(store, &key) {
            return Ok(Some(answer));
        }
        // Before the question: should something be written while it is answered, the answer counts as old.
        let state = store.state();
        let answer = ask().await?;
        if let (Some(state), Some(answer)) = (state, &answer) {
            self.keep(state, key, answer.clone());
        }
        Ok(answer)
    }

    fn keep(&self, state: State, key: K, answer: V) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known
            .as_mut()
            .filter(|known| known.state == state && known.answers.len() < MAX_ENTRIES)
        {
            Some(known) => {
                known.answers.insert(key, answer);
            }
            None => {
                *known = Some(Known {
                    state,
                    answers: HashMap::from([(key, answer)]),
                });
            }
        }
    }
}
