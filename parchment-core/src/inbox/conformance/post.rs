//! The suite's own users, servers and messages: fixed keys and names, verified the honest way.

use super::outcomes::Seen;
use crate::{
    canonical::{Object, Value},
    directory::StaticDirectory,
    envelope::{Kind, SignedMessage, UserMessage, legacy},
    handle::{Handle, NameError, ServerId},
    inbox::{Inbox, Policy, RawRequest, Verified},
    keys::SigningKey,
    manifest::{Manifest, UserDocument},
    nonce::Nonce,
    pins::MemoryPins,
    refusal::Refusal,
    request::ServerIdentity,
    time::{FixedClock, Timestamp, UnixMillis},
};

/// The servers that send; the third differs from the first in case alone.
const SERVERS: [(&str, u8); 3] = [("one.example", 0x51), ("two.example", 0x52), ("ONE.example", 0x53)];

/// Somebody who writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    handle: &'static str,
    seed: u8,
}

/// Who writes where it does not matter who does.
pub(super) const ALICE: Author = Author {
    handle: "alice@one.example",
    seed: 0xa1,
};
/// Somebody else on the same server.
pub(super) const BOB: Author = Author {
    handle: "bob@one.example",
    seed: 0xb0,
};
/// A namesake on another server.
pub(super) const ALICE_OF_TWO: Author = Author {
    handle: "alice@two.example",
    seed: 0xa2,
};
/// Another user than [`ALICE`]: case is significant in an alias.
pub(super) const CAPITAL_ALICE: Author = Author {
    handle: "Alice@one.example",
    seed: 0xa3,
};
/// Another user than [`ALICE`]: case is significant in a server's name.
pub(super) const ALICE_OF_CAPITAL_ONE: Author = Author {
    handle: "alice@ONE.example",
    seed: 0xa4,
};

const AUTHORS: [Author; 5] = [ALICE, BOB, ALICE_OF_TWO, CAPITAL_ALICE, ALICE_OF_CAPITAL_ONE];

/// What is said: one message that handlers take and one that they refuse.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said {
    /// `RELATIONSHIP_REVOKE`.
    Taken,
    /// `FRIEND_ACCEPT` without an invitation.
    Refused,
}

/// Writes, sends and verifies.
pub(super) struct Post {
    inbox: Inbox<StaticDirectory, MemoryPins>,
    servers: Vec<ServerIdentity>,
    recipient: Handle,
    now: UnixMillis,
}

impl Post {
    /// The post to one recipient, whose messages come in at `now`.
    pub(super) fn new(recipient: Handle, now: UnixMillis) -> Result<Self, Seen> {
        let mut directory = StaticDirectory::new();
        let mut servers = Vec::new();
        for (id, seed) in SERVERS {
            let server = ServerIdentity::new(ServerId::parse(id)?, &[seed; 32]);
            directory = directory.with_server(Manifest::new(server.id().clone(), server.public_key(), Vec::new()));
            servers.push(server);
        }
        for Author { handle, seed } in AUTHORS {
            let key = SigningKey::from_seed(&[seed; 32]).verifying_key();
            directory = directory.with_user(UserDocument::new(Handle::parse(handle)?, key, None));
        }
        let inbox = Inbox::new(recipient.server(), Policy::new(Kind::ALL), directory, MemoryPins::new());
        Ok(Self {
            inbox,
            servers,
            recipient,
            now,
        })
    }

    /// When messages come in.
    pub(super) fn now(&self) -> UnixMillis {
        self.now
    }

    /// A server that sends messages, by its place among the three.
    pub(super) fn server(&self, place: usize) -> Result<&ServerIdentity, Seen> {
        self.servers
            .get(place)
            .ok_or_else(|| broken(&"there are three servers"))
    }

    /// A message under the envelope nonce `nonce`.
    pub(super) fn message(&self, author: Author, said: Said, nonce: u64) -> Result<SignedMessage, Seen> {
        self.message_at(self.now, author, said, nonce)
    }

    /// A message that was signed at another time, so that its digest is another one.
    pub(super) fn message_at(
        &self,
        signed: UnixMillis,
        author: Author,
        said: Said,
        nonce: u64,
    ) -> Result<SignedMessage, Seen> {
        let kind = match said {
            Said::Taken => Kind::RelationshipRevoke,
            Said::Refused => Kind::FriendAccept,
        };
        let from = Handle::parse(author.handle)?;
        let timestamp = Timestamp::from_instant(signed);
        let message = UserMessage::new(
            kind,
            from,
            self.recipient.clone(),
            number(0xee, nonce),
            timestamp,
            Object::new(),
        )?;
        Ok(message.sign(&SigningKey::from_seed(&[author.seed; 32])))
    }

    /// A legacy message, which has no nonce.
    pub(super) fn legacy(&self, author: Author, kind: Kind) -> Result<SignedMessage, Seen> {
        let mut members = Object::new();
        members.insert("from", author.handle);
        members.insert("to", self.recipient.as_str());
        members.insert("timestamp", Timestamp::from_instant(self.now).as_str());
        let text = legacy::signed_text(kind.as_str(), &Value::Object(members.clone()));
        let signature = SigningKey::from_seed(&[author.seed; 32]).sign(&text);
        members.insert("type", kind.as_str());
        members.insert("signature", signature.to_base64().as_str());
        Ok(SignedMessage::read(&Value::Object(members))?)
    }

    /// The message as it comes in with the transport nonce `nonce` from its author's server.
    pub(super) async fn request(&self, message: &SignedMessage, nonce: u64) -> Result<Verified, Seen> {
        self.request_at(self.now, message, nonce).await
    }

    /// The same, coming in at another time.
    pub(super) async fn request_at(
        &self,
        received: UnixMillis,
        message: &SignedMessage,
        nonce: u64,
    ) -> Result<Verified, Seen> {
        let home = message.message().from().server();
        let server = self
            .servers
            .iter()
            .find(|server| *server.id() == home)
            .ok_or_else(|| broken(&"a server is missing"))?;
        let sent = Timestamp::from_instant(received);
        let request = server.inbox_request(&self.recipient.server(), message, number(0x77, nonce), sent);
        let headers = request.headers();
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_bytes()));
        let raw = RawRequest {
            headers: &headers,
            body: request.body().as_bytes(),
        };
        let parsed = self.inbox.parse(raw, &FixedClock(received))?;
        let authenticated = self.inbox.authenticate(parsed).await?;
        Ok(self.inbox.verify(authenticated).await?)
    }

    /// A new message in a new request, taken or refused.
    pub(super) async fn new_request(&self, said: Said, nonce: u64) -> Result<Verified, Seen> {
        self.request(&self.message(ALICE, said, nonce)?, nonce).await
    }
}

/// The nonce of a number; envelope and transport nonces differ, so that no store passes by mixing them up.
fn number(family: u8, number: u64) -> Nonce {
    Nonce::from_bytes(((u128::from(family) << 64) | u128::from(number)).to_be_bytes())
}

fn broken(error: &dyn std::fmt::Display) -> Seen {
    Seen(format!("The suite could not make its own messages: {error}."))
}

impl From<Refusal> for Seen {
    fn from(refusal: Refusal) -> Self {
        broken(&refusal)
    }
}

impl From<NameError> for Seen {
    fn from(error: NameError) -> Self {
        broken(&error)
    }
}
