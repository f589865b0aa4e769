//! What the library does with every message, as work that can be measured: by time and by instructions.

use ed25519_dalek::{Signature, VerifyingKey};
use futures_util::FutureExt as _;
use parchment_core::{
    canonical::{self, Object, Value},
    directory::StaticDirectory,
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Handle, ServerId},
    inbox::{Accepted, Inbox, MemoryInbox, Policy, RawRequest, Receipt},
    keys::{self, SigningKey},
    manifest::{Manifest, UserDocument},
    nonce::Nonce,
    pins::MemoryPins,
    refusal::Refusal,
    request::{OutboundRequest, ServerIdentity},
    time::{FixedClock, Timestamp, UnixMillis},
};

type Error = Box<dyn std::error::Error + Send + Sync>;

const NOW: UnixMillis = UnixMillis(1_776_686_400_000);

/// One message with everything that its checks need.
pub struct Sample {
    sender: SigningKey,
    from: Handle,
    to: Handle,
    server: ServerIdentity,
    message: SignedMessage,
    key: keys::VerifyingKey,
    text: Vec<u8>,
    bare_key: VerifyingKey,
    bare_signature: Signature,
    value: Value,
    inbox: Inbox<StaticDirectory, MemoryPins>,
}

/// A place for messages that forgets nothing.
pub type Place = MemoryInbox<fn(&Accepted) -> Result<(), Refusal>>;

/// A message on its way, as bytes.
pub struct Request {
    headers: [(&'static str, String); 5],
    body: String,
}

fn take(_: &Accepted) -> Result<(), Refusal> {
    Ok(())
}

/// A place in which there is nothing yet.
pub fn empty() -> Place {
    MemoryInbox::new(take)
}

impl Sample {
    /// A message from one server's user to another's, under fixed keys.
    ///
    /// # Errors
    ///
    /// When the sample itself is not sound.
    pub fn new() -> Result<Self, Error> {
        let sender = SigningKey::from_seed(&[7; 32]);
        let from = Handle::parse("alice@one.example")?;
        let to = Handle::parse("carol@home.example")?;
        let server = ServerIdentity::new(ServerId::parse("one.example")?, &[8; 32]);
        let directory = StaticDirectory::new()
            .with_server(Manifest::new(server.id().clone(), server.public_key(), Vec::new()))
            .with_user(UserDocument::new(from.clone(), sender.verifying_key(), None));
        let inbox = Inbox::new(to.server(), Policy::new(Kind::ALL), directory, MemoryPins::new());
        let message = message(&sender, &from, &to, 0)?;
        let text = message.message().signed_text().into_bytes();
        Ok(Self {
            key: sender.verifying_key(),
            bare_key: VerifyingKey::from_bytes(sender.verifying_key().as_bytes())?,
            bare_signature: Signature::from_bytes(message.signature().as_bytes()),
            value: kibibyte()?,
            sender,
            from,
            to,
            server,
            message,
            text,
            inbox,
        })
    }

    /// Verifies the message: builds its text, checks the signature, hashes the text.
    pub fn verify(&self) -> bool {
        self.message.verify(&self.key).is_ok()
    }

    /// Checks the signature of the same text, and nothing else.
    pub fn verify_bare(&self) -> bool {
        self.bare_key.verify_strict(&self.text, &self.bare_signature).is_ok()
    }

    /// The SHA-256 of the canonical text of 1 KiB of parsed JSON.
    pub fn digest(&self) -> [u8; 32] {
        *canonical::digest(&self.value).as_bytes()
    }

    /// A new message in a new request.
    ///
    /// # Errors
    ///
    /// When the sample itself is not sound.
    pub fn request(&self, number: u64) -> Result<Request, Error> {
        let message = message(&self.sender, &self.from, &self.to, number)?;
        let now = Timestamp::from_instant(NOW);
        let request: OutboundRequest = self
            .server
            .inbox_request(&self.to.server(), &message, nonce(number), now);
        Ok(Request {
            headers: request.headers(),
            body: request.body().to_owned(),
        })
    }

    /// Receives a request, from its bytes to its effect.
    pub fn receive(&self, request: &Request, store: &Place) -> bool {
        let headers = request
            .headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_bytes()));
        let raw = RawRequest {
            headers: &headers,
            body: request.body.as_bytes(),
        };
        // Nothing of it waits for anything.
        let received = self.inbox.receive(raw, &FixedClock(NOW), store).now_or_never();
        received.is_some_and(|receipt| receipt == Ok(Receipt::Applied))
    }
}

fn message(sender: &SigningKey, from: &Handle, to: &Handle, number: u64) -> Result<SignedMessage, Error> {
    let now = Timestamp::from_instant(NOW);
    let message = UserMessage::new(
        Kind::RelationshipRevoke,
        from.clone(),
        to.clone(),
        nonce(number),
        now,
        Object::new(),
    )?;
    Ok(message.sign(sender))
}

fn nonce(number: u64) -> Nonce {
    Nonce::from_bytes(u128::from(number).to_be_bytes())
}

/// JSON as payloads are: names, texts, numbers and lists, not in canonical order, 1 KiB long.
fn kibibyte() -> Result<Value, Error> {
    let mut text = String::from("{\"to\":\"carol@home.example\",\"from\":\"alice@one.example\",\"places\":[");
    let mut number = 0;
    while text.len() < 960 {
        let comma = if number == 0 { "" } else { "," };
        text.push_str(&format!(
            "{comma}{{\"name\":\"Rue d'été {number}\",\"lat\":{}.25,\"lon\":-7.5,\"at\":{}}}",
            40 + number,
            1_776_686_400 + number
        ));
        number += 1;
    }
    text.push_str("],\"note\":\"");
    while text.len() < 1022 {
        text.push('x');
    }
    text.push_str("\"}");
    Ok(canonical::parse(text.as_bytes()).map_err(|error| error.to_string())?)
}
