//! Bodies for the inbox: reading, writing, signing and receiving them.

use std::{
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use parchment_core::{
    canonical::{self, Value},
    directory::StaticDirectory,
    envelope::{Form, Kind, SignedMessage, UserMessage},
    handle::ServerId,
    inbox::{Accepted, Inbox, MemoryInbox, Policy, RawRequest, Receipt},
    keys::SigningKey,
    manifest::{Manifest, UserDocument},
    nonce::Nonce,
    pins::MemoryPins,
    refusal::Code,
    request::ServerIdentity,
    time::{FixedClock, UnixMillis},
};

use super::canonical_json::read_back;

/// Headers and clock of the recorded request `v2-ok`.
const HEADERS: [(&str, &[u8]); 5] = [
    ("X-Parchment-Server-Id", b"a.example"),
    ("X-Parchment-Protocol-Version", b"2"),
    ("X-Parchment-Nonce", b"PXcVrU87R1QfpfEL8o3tqw=="),
    ("X-Parchment-Timestamp", b"2026-04-20T12:00:00.000Z"),
    (
        "X-Parchment-Server-Signature",
        b"S/ft/CIw9lXrUklOam7GcYddmc3ukF3CJdigCyez8znWrB7T4jkcG2bsqzXDDuip0fqzWXI+d2aJvZM2NovGAg==",
    ),
];
const NOW: UnixMillis = UnixMillis(1_776_686_400_000);

static USER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[1; 32]));

/// No body makes the inbox panic. One that reads is written as text that reads as the same
/// message, and arrives when its author signs it and her server sends it.
pub fn check(data: &[u8]) -> bool {
    let body = canonical::parse(data);
    let message = body.as_ref().ok().map(SignedMessage::read);
    check_parse(data, message.as_ref().is_some_and(Result::is_ok));
    let Some(Ok(signed)) = message else { return false };
    let Some(written) = read_back(&signed.to_canonical()) else {
        return true;
    };
    assert_eq!(canonical::to_string(&written), signed.to_canonical());
    assert_eq!(SignedMessage::read(&written).as_ref(), Ok(&signed));
    check_signed_text(signed.message(), &written);
    check_delivery(signed.message().clone());
    true
}

fn check_parse(body: &[u8], reads: bool) {
    static INBOX: LazyLock<Inbox<StaticDirectory, MemoryPins>> = LazyLock::new(|| {
        let own = ServerId::parse("b.example").unwrap();
        Inbox::new(own, Policy::new(Kind::ALL), StaticDirectory::new(), MemoryPins::new())
    });
    match INBOX.parse(
        RawRequest {
            headers: &HEADERS,
            body,
        },
        &FixedClock(NOW),
    ) {
        Ok(parsed) => assert!(reads, "{parsed:?}"),
        // A refusal is one line of a log, whatever the peer sent.
        Err(refusal) => assert!(!refusal.to_string().contains(char::is_control), "{refusal:?}"),
    }
}

/// The signed text says what the body says, in canonical form (version 2) or with the type ahead (legacy).
fn check_signed_text(message: &UserMessage, body: &Value) {
    let text = message.signed_text();
    let signed = read_back(&text).expect("a part of the body reads, for the body does");
    let mut expected = body.as_object().unwrap().clone();
    expected.remove("signature");
    match message.form() {
        Form::V2 { .. } => assert_eq!(text, canonical::to_string(&signed)),
        Form::Legacy { .. } => {
            let kind = expected.remove("type").or_else(|| expected.remove("message_type"));
            expected.remove("payload");
            for (name, value) in message.payload().iter() {
                expected.insert(name, value.clone());
            }
            expected.insert("type", kind.unwrap());
        }
    }
    assert_eq!(signed, Value::Object(expected));
}

/// Signs and sends the message afresh, to its recipient's server at the time it was written.
fn check_delivery(message: UserMessage) {
    let (from, to, sent) = (
        message.from().clone(),
        message.to().clone(),
        message.timestamp().clone(),
    );
    let is_local = from.server() == to.server();
    let sender = ServerIdentity::new(from.server(), &[2; 32]);
    let directory = StaticDirectory::new()
        .with_server(Manifest::new(from.server(), sender.public_key(), Vec::new()))
        .with_user(UserDocument::new(from, USER.verifying_key(), None));
    let mut policy = Policy::new(Kind::ALL);
    policy.loopback_peers = true;
    let inbox = Inbox::new(to.server(), policy, directory, MemoryPins::new());
    let store = MemoryInbox::new(|_: &Accepted| Ok(()));

    let clock = FixedClock(sent.instant());
    let request = sender.inbox_request(&to.server(), &message.sign(&USER), Nonce::from_bytes([3; 16]), sent);
    let headers = request.headers();
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_bytes()));
    let raw = RawRequest {
        headers: &headers,
        body: request.body().as_bytes(),
    };
    let outcome = ready(inbox.receive(raw, &clock, &store));
    if is_local {
        // A server sends itself nothing.
        assert_eq!(outcome.map_err(|refusal| refusal.code()), Err(Code::OriginMismatch));
    } else {
        assert_eq!(outcome, Ok(Receipt::Applied));
    }
}

/// Nothing in memory ever waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future waits"),
    }
}
