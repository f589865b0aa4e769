//! An inbox whose clock, directory and pins a test holds in its hands.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use parchment_core::{
    canonical::Object,
    directory::{Age, Directory},
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Handle, ServerId},
    inbox::{Inbox, Outcome, Policy, RawRequest, Verified},
    keys::VerifyingKey,
    manifest::{Manifest, UserDocument},
    nonce::Nonce,
    pins::{MemoryPins, PinStore},
    refusal::Refusal,
    request::ServerIdentity,
    storage::StorageError,
    time::{FixedClock, Timestamp, UnixMillis},
};

use crate::sample::{Request, alice_key, home, own};

pub(super) const NOW: UnixMillis = UnixMillis(1_776_686_400_000);

pub(super) fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

pub(super) fn server(text: &str) -> ServerId {
    ServerId::parse(text).unwrap()
}

/// Waits for what never waits.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future waits"),
    }
}

/// Every server publishes `key`, every user alice's; questions are counted.
#[derive(Clone)]
pub(super) struct Counted {
    key: Arc<Mutex<VerifyingKey>>,
    asked: Arc<AtomicUsize>,
}

impl Counted {
    pub(super) fn new() -> Self {
        Self {
            key: Arc::new(Mutex::new(home().public_key())),
            asked: Arc::default(),
        }
    }

    pub(super) fn publish(&self, key: VerifyingKey) {
        *self.key.lock().unwrap() = key;
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Directory for Counted {
    async fn manifest(&self, server: &ServerId, _: Age) -> Result<Manifest, Refusal> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Manifest::new(server.clone(), *self.key.lock().unwrap(), Vec::new()))
    }

    async fn user(&self, handle: &Handle, _: Age) -> Result<UserDocument, Refusal> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(UserDocument::new(handle.clone(), alice_key().verifying_key(), None))
    }
}

/// Pins whose uses are counted.
#[derive(Clone, Default)]
pub(super) struct CountedPins {
    pub(super) pins: Arc<MemoryPins>,
    looked: Arc<AtomicUsize>,
    pinned: Arc<AtomicUsize>,
}

impl CountedPins {
    /// How often a pin was looked up, and how often one was made.
    pub(super) fn uses(&self) -> (usize, usize) {
        (self.looked.load(Ordering::SeqCst), self.pinned.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl PinStore for CountedPins {
    async fn pin(&self, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        self.pins.pin(server).await
    }

    async fn pin_first(
        &self,
        server: &ServerId,
        key: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<VerifyingKey, StorageError> {
        self.pinned.fetch_add(1, Ordering::SeqCst);
        self.pins.pin_first(server, key, now).await
    }

    async fn record_mismatch(
        &self,
        server: &ServerId,
        offered: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        self.pins.record_mismatch(server, offered, now).await
    }
}

/// The receiving server.
pub(super) struct World {
    pub(super) directory: Counted,
    pub(super) pins: CountedPins,
    inbox: Inbox<Counted, CountedPins>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::at(own())
    }

    /// The receiving server under another name.
    pub(super) fn at(own: ServerId) -> Self {
        let (directory, pins) = (Counted::new(), CountedPins::default());
        Self {
            inbox: Inbox::new(own, Policy::new(Kind::ALL), directory.clone(), pins.clone()),
            directory,
            pins,
        }
    }

    /// All steps but the store's.
    pub(super) fn verified(&self, request: &Request, now: UnixMillis) -> Result<Verified, Refusal> {
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_slice()))
            .collect();
        let raw = RawRequest {
            headers: &headers,
            body: &request.body,
        };
        ready(async {
            let parsed = self.inbox.parse(raw, &FixedClock(now))?;
            self.inbox.verify(self.inbox.authenticate(parsed).await?).await
        })
    }

    pub(super) fn receive(
        &self,
        store: &dyn parchment_core::inbox::InboxStore,
        request: &Request,
        now: UnixMillis,
    ) -> Outcome {
        ready(store.record_one(self.verified(request, now)?))
    }
}

/// What alice says to bob, with a nonce and a time.
pub(super) fn said(kind: Kind, nonce: u8, at: UnixMillis) -> SignedMessage {
    let (from, to) = (handle("alice@a.example"), handle("bob@b.example"));
    let (nonce, at) = (Nonce::from_bytes([nonce; 16]), Timestamp::from_instant(at));
    let message = UserMessage::new(kind, from, to, nonce, at, Object::new()).unwrap();
    message.sign(&alice_key())
}

/// The request in which a server carries a message, with a nonce and a time.
pub(super) fn carried(by: &ServerIdentity, message: &SignedMessage, nonce: u8, at: UnixMillis) -> Request {
    let request = by.inbox_request(
        &own(),
        message,
        Nonce::from_bytes([nonce; 16]),
        Timestamp::from_instant(at),
    );
    Request {
        headers: request
            .headers()
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect(),
        body: request.body().as_bytes().to_vec(),
    }
}
