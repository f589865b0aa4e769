//! A signed message, the request that carries it, and a receiver that tells what it believed.

use std::sync::{Arc, Mutex};

use parchment_core::{
    canonical::Object,
    directory::StaticDirectory,
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Handle, ServerId},
    inbox::{Accepted, Inbox, InboxStore as _, MemoryInbox, Policy, RawRequest, Receipt},
    keys::{SigningKey, VerifyingKey},
    manifest::{Manifest, UserDocument},
    nonce::{Digest, Nonce},
    pins::MemoryPins,
    refusal::Refusal,
    request::{INBOX_METHOD, INBOX_PATH, PROTOCOL_VERSION, ServerIdentity, Wrapper, header},
    time::{FixedClock, Timestamp, UnixMillis},
};

/// When everything happens.
const NOW: UnixMillis = UnixMillis(1_776_686_400_000);

pub(crate) fn now() -> Timestamp {
    Timestamp::from_instant(NOW)
}

/// The sender's server.
pub(crate) fn home() -> ServerIdentity {
    ServerIdentity::new(ServerId::parse("a.example").unwrap(), &[1; 32])
}

/// The receiving server.
pub(crate) fn own() -> ServerId {
    ServerId::parse("b.example").unwrap()
}

pub(crate) fn alice_key() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

fn alice() -> Handle {
    Handle::parse("alice@a.example").unwrap()
}

/// What alice says to bob.
pub(crate) fn message(kind: Kind, payload: Object) -> SignedMessage {
    let bob = Handle::parse("bob@b.example").unwrap();
    let message = UserMessage::new(kind, alice(), bob, Nonce::from_bytes([3; 16]), now(), payload).unwrap();
    message.sign(&alice_key())
}

/// A request as it travels: five headers and a body.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) headers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// The request in which alice's server sends a message.
pub(crate) fn request(message: &SignedMessage) -> Request {
    let outbound = home().inbox_request(&own(), message, Nonce::from_bytes([4; 16]), now());
    Request {
        headers: outbound
            .headers()
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect(),
        body: outbound.body().as_bytes().to_vec(),
    }
}

/// The request in which alice's server, dishonest or mistaken, vouches for any body at all.
pub(crate) fn vouched(body: &str, body_hash: Digest) -> Request {
    let (home, now, nonce) = (home(), now(), Nonce::from_bytes([5; 16]));
    let signature = home.sign(&Wrapper {
        method: INBOX_METHOD,
        path: INBOX_PATH,
        body_hash,
        nonce,
        timestamp: &now,
        peer: &own(),
        sender: home.id(),
    });
    let headers = [
        (header::SERVER_ID, home.id().to_string()),
        (header::PROTOCOL_VERSION, PROTOCOL_VERSION.to_owned()),
        (header::NONCE, nonce.to_base64()),
        (header::TIMESTAMP, now.to_string()),
        (header::SIGNATURE, signature.to_base64()),
    ];
    Request {
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// An inbox that remembers nothing from one request to the next.
pub(crate) struct Receiver {
    runtime: tokio::runtime::Runtime,
    inbox: Inbox<StaticDirectory, MemoryPins>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        let home_key: VerifyingKey = home().public_key();
        let directory = StaticDirectory::new()
            .with_server(Manifest::new(home().id().clone(), home_key, Vec::new()))
            .with_user(UserDocument::new(alice(), alice_key().verifying_key(), None));
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            inbox: Inbox::new(own(), Policy::new(Kind::ALL), directory, MemoryPins::new()),
        }
    }

    /// What a handler is given of a request, if it is given anything.
    pub(crate) fn receive(&self, request: &Request) -> Result<UserMessage, Refusal> {
        let believed = Arc::new(Mutex::new(None));
        let slot = believed.clone();
        let store = MemoryInbox::new(move |accepted: &Accepted| {
            *slot.lock().unwrap() = Some(accepted.message().clone());
            Ok(())
        });
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_slice()))
            .collect();
        let raw = RawRequest {
            headers: &headers,
            body: &request.body,
        };
        let clock = FixedClock(NOW);
        let receipt = self.runtime.block_on(async {
            let parsed = self.inbox.parse(raw, &clock)?;
            let authenticated = self.inbox.authenticate(parsed).await?;
            store.record_one(self.inbox.verify(authenticated).await?).await
        })?;
        assert_eq!(receipt, Receipt::Applied);
        Ok(believed.lock().unwrap().take().expect("what is applied was handled"))
    }
}
