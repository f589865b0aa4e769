//! Requests between servers: the signed wrapper and the headers that carry it (protocol section 4).
//!
//! The sending server signs the [`Wrapper`], which names method, path, body hash, nonce, time
//! and both servers. It travels as five headers; the receiver builds the same wrapper from what
//! it received and from its own id, so that a request for one server is worth nothing at another.

use std::fmt;

use crate::{
    canonical::{self, Sink as _},
    envelope::SignedMessage,
    handle::ServerId,
    keys::{Signature, SignatureError, SigningKey, VerifyingKey},
    nonce::{Digest, Nonce},
    refusal::{Code, Refusal},
    time::Timestamp,
};

/// The path of every inbox.
pub const INBOX_PATH: &str = "/federation/inbox";

/// The method of inbox requests.
pub const INBOX_METHOD: &str = "POST";

/// The value of the version header, compared as text (rule 17.6).
pub const PROTOCOL_VERSION: &str = "2";

/// Names of the headers, in lower case as HTTP/2 writes them.
pub mod header {
    /// The sending server.
    pub const SERVER_ID: &str = "x-parchment-server-id";
    /// The protocol version: `2`.
    pub const PROTOCOL_VERSION: &str = "x-parchment-protocol-version";
    /// The transport nonce.
    pub const NONCE: &str = "x-parchment-nonce";
    /// The time of this attempt to send.
    pub const TIMESTAMP: &str = "x-parchment-timestamp";
    /// The sending server's signature over the wrapper.
    pub const SIGNATURE: &str = "x-parchment-server-signature";
}

/// What the sending server signs.
#[derive(Debug, Clone, Copy)]
pub struct Wrapper<'a> {
    /// The HTTP method; signed in upper case.
    pub method: &'a str,
    /// The path, without query.
    pub path: &'a str,
    /// The SHA-256 of the canonical text of the body.
    pub body_hash: Digest,
    /// The transport nonce.
    pub nonce: Nonce,
    /// The time of this attempt.
    pub timestamp: &'a Timestamp,
    /// The receiving server.
    pub peer: &'a ServerId,
    /// The sending server.
    pub sender: &'a ServerId,
}

impl Wrapper<'_> {
    /// The canonical text that is signed.
    pub fn signed_text(&self) -> String {
        let mut text = String::with_capacity(384);
        let mut member = |name: &str, value: &str| {
            text.put(name);
            canonical::write_string(value, &mut text);
        };
        member("{\"body_hash\":", &self.body_hash.to_base64());
        member(",\"method\":", &self.method.to_uppercase());
        member(",\"nonce\":", &self.nonce.to_base64());
        member(",\"path\":", self.path);
        member(",\"peer_server_id\":", self.peer.as_str());
        member(",\"protocol_version\":2,\"sender_server_id\":", self.sender.as_str());
        member(",\"timestamp\":", self.timestamp.as_str());
        text.put("}");
        text
    }

    /// Checks a signature of the sending server over this wrapper.
    pub fn verify(&self, key: &VerifyingKey, signature: &Signature) -> Result<(), SignatureError> {
        key.verify(self.signed_text().as_bytes(), signature)
    }
}

/// A server's own name and key.
///
/// The key signs nothing but [`Wrapper`]s: there is no way to have it sign bytes or JSON that
/// somebody supplied. It is wiped when dropped.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct ServerIdentity {
    #[zeroize(skip)]
    id: ServerId,
    key: SigningKey,
}

impl ServerIdentity {
    /// The identity of the server `id` with this 32-byte seed.
    pub fn new(id: ServerId, seed: &[u8; 32]) -> Self {
        Self {
            id,
            key: SigningKey::from_seed(seed),
        }
    }

    /// The server's name.
    pub fn id(&self) -> &ServerId {
        &self.id
    }

    /// The public half of the key, as the manifest publishes it.
    pub fn public_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Signs a wrapper whose sender is this server.
    pub fn sign(&self, wrapper: &Wrapper<'_>) -> Signature {
        self.key.sign(
            &Wrapper {
                sender: &self.id,
                ..*wrapper
            }
            .signed_text(),
        )
    }

    /// Makes the request that carries a signed message to `peer`.
    ///
    /// `nonce` and `now` are this attempt's own: a retry of the same message draws a new nonce.
    pub fn inbox_request(
        &self,
        peer: &ServerId,
        message: &SignedMessage,
        nonce: Nonce,
        now: Timestamp,
    ) -> OutboundRequest {
        let body = message.to_canonical();
        let signature = self.sign(&Wrapper {
            method: INBOX_METHOD,
            path: INBOX_PATH,
            body_hash: Digest::of(body.as_bytes()),
            nonce,
            timestamp: &now,
            peer,
            sender: &self.id,
        });
        let head = RequestHead {
            sender: self.id.clone(),
            nonce,
            timestamp: now,
            signature,
        };
        OutboundRequest { head, body }
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("id", &self.id)
            .field("public_key", &self.public_key())
            .finish()
    }
}

/// A request that is ready to be sent: its headers and its body.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    head: RequestHead,
    body: String,
}

impl OutboundRequest {
    /// The five headers, by name and value; `Content-Type: application/json` comes on top.
    pub fn headers(&self) -> [(&'static str, String); 5] {
        [
            (header::SERVER_ID, self.head.sender.to_string()),
            (header::PROTOCOL_VERSION, PROTOCOL_VERSION.to_owned()),
            (header::NONCE, self.head.nonce.to_base64()),
            (header::TIMESTAMP, self.head.timestamp.to_string()),
            (header::SIGNATURE, self.head.signature.to_base64()),
        ]
    }

    /// The body: the canonical text of the message.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// The five headers of a request, read but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    sender: ServerId,
    nonce: Nonce,
    timestamp: Timestamp,
    signature: Signature,
}

impl RequestHead {
    /// Reads the headers of a request; other headers are passed over, a repeated one is refused.
    ///
    /// # Errors
    ///
    /// [`Code::MissingHeader`], [`Code::UnsupportedVersion`] or [`Code::MalformedHeader`].
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Refusal> {
        let mut found: [Option<&[u8]>; 5] = [None; 5];
        for (name, value) in headers {
            let slot = NAMES
                .iter()
                .zip(&mut found)
                .find_map(|(known, slot)| name.eq_ignore_ascii_case(known).then_some(slot));
            let Some(slot) = slot else { continue };
            if slot.replace(value).is_some() {
                return Err(Refusal::new(
                    Code::MalformedHeader,
                    format!("The header {name} is given twice."),
                ));
            }
        }
        for (name, value) in NAMES.iter().zip(found) {
            if value.is_none_or(<[u8]>::is_empty) {
                return Err(Refusal::new(
                    Code::MissingHeader,
                    format!("The header {name} is missing or empty."),
                ));
            }
        }
        let [sender, version, nonce, timestamp, signature] =
            found.map(|value| std::str::from_utf8(value.unwrap_or_default()).unwrap_or_default());
        if version != PROTOCOL_VERSION {
            let detail = "The protocol version of the request is not exactly 2.";
            return Err(Refusal::new(Code::UnsupportedVersion, detail).by_rule(6));
        }
        let malformed = |name: &str, error: &dyn fmt::Display, rule| {
            Refusal::new(
                Code::MalformedHeader,
                format!("The header {name} is unusable: {error}."),
            )
            .by_rule(rule)
        };
        Ok(Self {
            sender: ServerId::parse(sender).map_err(|error| malformed(header::SERVER_ID, &error, 16))?,
            nonce: Nonce::from_base64(nonce).map_err(|error| malformed(header::NONCE, &error, 8))?,
            timestamp: Timestamp::parse(timestamp).map_err(|error| malformed(header::TIMESTAMP, &error, 5))?,
            signature: Signature::from_base64(signature).map_err(|error| malformed(header::SIGNATURE, &error, 4))?,
        })
    }

    /// The server that claims to have sent the request.
    pub fn sender(&self) -> &ServerId {
        &self.sender
    }

    /// The transport nonce.
    pub fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// When the request was signed, by the sender's clock.
    pub fn timestamp(&self) -> &Timestamp {
        &self.timestamp
    }

    /// The signature over the wrapper.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The wrapper that the signature must cover, as the receiver `own` sees the request.
    pub fn wrapper<'a>(&'a self, method: &'a str, path: &'a str, body_hash: Digest, own: &'a ServerId) -> Wrapper<'a> {
        Wrapper {
            method,
            path,
            body_hash,
            nonce: self.nonce,
            timestamp: &self.timestamp,
            peer: own,
            sender: &self.sender,
        }
    }
}

const NAMES: [&str; 5] = [
    header::SERVER_ID,
    header::PROTOCOL_VERSION,
    header::NONCE,
    header::TIMESTAMP,
    header::SIGNATURE,
];
