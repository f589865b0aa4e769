//! An inbox store in memory, for programs without a database and for tests.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use crate::{
    handle::{Handle, ServerId},
    inbox::{Accepted, InboxStore, Outcome, Receipt, Verified},
    nonce::{Digest, Nonce},
    refusal::Refusal,
    replay::{self, Decision, NONCE_LIFETIME_MS, Seen},
    storage::StorageError,
    time::UnixMillis,
};

/// Gives accepted messages their effect.
///
/// A handler that refuses must have changed nothing: the message may come again.
pub trait Handler: Send {
    /// Takes or refuses a message.
    fn handle(&mut self, message: &Accepted) -> Result<(), Refusal>;
}

impl<F: FnMut(&Accepted) -> Result<(), Refusal> + Send> Handler for F {
    fn handle(&mut self, message: &Accepted) -> Result<(), Refusal> {
        self(message)
    }
}

/// Nonces in memory and a handler for the effects; both are gone when the process ends.
pub struct MemoryInbox<H> {
    state: Mutex<State<H>>,
}

struct State<H> {
    transport: HashMap<(ServerId, Nonce), UnixMillis>,
    envelopes: HashMap<(Handle, Vec<u8>), (Digest, UnixMillis)>,
    handler: H,
}

impl<H: Handler> MemoryInbox<H> {
    /// An empty store whose messages go to `handler`.
    pub fn new(handler: H) -> Self {
        Self {
            state: Mutex::new(State {
                transport: HashMap::new(),
                envelopes: HashMap::new(),
                handler,
            }),
        }
    }

    /// Looks at the handler or changes it.
    pub fn with_handler<T>(&self, act: impl FnOnce(&mut H) -> T) -> T {
        act(&mut self.locked().handler)
    }

    fn locked(&self) -> MutexGuard<'_, State<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets nonces received more than [`NONCE_LIFETIME_MS`] before `now`; gives how many are left.
    pub fn sweep(&self, now: UnixMillis) -> usize {
        let mut state = self.locked();
        state
            .transport
            .retain(|_, received| now.since(*received) <= NONCE_LIFETIME_MS);
        state
            .envelopes
            .retain(|_, (_, received)| now.since(*received) <= NONCE_LIFETIME_MS);
        state.transport.len() + state.envelopes.len()
    }
}

impl<H: Handler> State<H> {
    fn record(&mut self, message: Verified) -> Outcome {
        let transport = (message.server().clone(), message.transport_nonce());
        let envelope = (
            message.message().from().clone(),
            message.envelope_nonce().as_bytes().to_vec(),
        );
        let (digest, received) = (message.digest(), message.received());
        let seen = Seen {
            transport: self.transport.contains_key(&transport),
            envelope: self.envelopes.get(&envelope).map(|(digest, _)| *digest),
        };
        let receipt = match replay::decide(message, seen) {
            Decision::Refuse(refusal) => return Err(refusal),
            Decision::Retry => Receipt::Retried,
            Decision::Accept(accepted) => {
                self.handler.handle(&accepted)?;
                self.envelopes.insert(envelope, (digest, received));
                Receipt::Applied
            }
        };
        self.transport.insert(transport, received);
        Ok(receipt)
    }
}

#[async_trait]
impl<H: Handler> InboxStore for MemoryInbox<H> {
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError> {
        let mut state = self.locked();
        Ok(batch.into_iter().map(|message| state.record(message)).collect())
    }
}

impl<H> fmt::Debug for MemoryInbox<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryInbox")
    }
}
