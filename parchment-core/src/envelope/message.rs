//! Messages, their signed texts and their signatures.

use crate::{
    canonical::{self, Number, Object, Sink as _, Value},
    envelope::{Content, Kind, legacy},
    handle::Handle,
    keys::{Signature, SignatureError, SigningKey, VerifyingKey},
    nonce::{Digest, Nonce},
    refusal::{Code, Refusal},
    time::Timestamp,
};

/// The protocol version of envelopes and server requests.
pub(crate) const PROTOCOL_VERSION: u32 = 2;

/// The only version of every kind of message so far.
pub(super) const MESSAGE_VERSION: u32 = 1;

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Version 2: all members are signed, the nonce among them (protocol section 2).
    V2 {
        /// Drawn by the sender's device.
        nonce: Nonce,
    },
    /// Version 1: type, sender, recipient, timestamp and payload are signed (protocol section 3).
    Legacy {
        /// Whether the type stands in `type` (true) or in `message_type`; not signed.
        in_type_member: bool,
    },
}

/// What makes a message the same message again (rule 17.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnvelopeNonce {
    /// The nonce of a version 2 message.
    Drawn(Nonce),
    /// The signature of a legacy message, which has no nonce (rule 17.9).
    Signature(Signature),
}

impl EnvelopeNonce {
    /// The bytes to remember: 16 of a nonce, 64 of a signature.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Drawn(nonce) => nonce.as_bytes(),
            Self::Signature(signature) => signature.as_bytes(),
        }
    }
}

/// Something one user says to another.
#[derive(Debug, Clone, PartialEq)]
pub struct UserMessage {
    pub(super) form: Form,
    pub(super) content: Content,
    pub(super) from: Handle,
    pub(super) to: Handle,
    pub(super) timestamp: Timestamp,
    pub(super) payload: Object,
}

impl UserMessage {
    /// A version 2 message.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidPayload`] when the payload lacks what the kind needs, or when its canonical text is one that
    /// receivers refuse (protocol section 17.1): a number such as `1e20`, which is written as an integer that a
    /// double does not hold exactly, too deep a nesting, too long a text.
    pub fn new(
        kind: Kind,
        from: Handle,
        to: Handle,
        nonce: Nonce,
        timestamp: Timestamp,
        payload: Object,
    ) -> Result<Self, Refusal> {
        let content = Content::read(kind, &payload)?;
        let mut text = Vec::new();
        canonical::write_object(&payload, &mut text);
        canonical::parse(&text).map_err(|error| {
            Refusal::new(
                Code::InvalidPayload,
                format!("Receivers would refuse the payload: {error}."),
            )
            .by_rule(1)
        })?;
        Ok(Self {
            form: Form::V2 { nonce },
            content,
            from,
            to,
            timestamp,
            payload,
        })
    }

    /// How the message is signed.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The kind of message.
    pub fn kind(&self) -> Kind {
        self.content.kind()
    }

    /// What the message carries.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Who says it.
    pub fn from(&self) -> &Handle {
        &self.from
    }

    /// To whom.
    pub fn to(&self) -> &Handle {
        &self.to
    }

    /// When its author signed it, by her clock.
    pub fn timestamp(&self) -> &Timestamp {
        &self.timestamp
    }

    /// The payload as it is signed.
    pub fn payload(&self) -> &Object {
        &self.payload
    }

    /// The text that the author signs.
    pub fn signed_text(&self) -> String {
        let kind = self.kind().as_str();
        match self.form {
            Form::V2 { nonce } => {
                let mut text = String::with_capacity(256);
                self.write_v2(&nonce, None, &mut text);
                text
            }
            Form::Legacy { .. } => legacy::message_text(
                kind,
                self.from.as_str(),
                self.to.as_str(),
                self.timestamp.as_str(),
                &self.payload,
            ),
        }
    }

    /// Signs the message with its author's key.
    pub fn sign(self, key: &SigningKey) -> SignedMessage {
        let signature = key.sign(&self.signed_text());
        SignedMessage {
            message: self,
            signature,
        }
    }

    /// Writes the eight signed members, and the signature among them where one is given, in canonical order.
    fn write_v2(&self, nonce: &Nonce, signature: Option<&Signature>, text: &mut String) {
        let member = |name: &str, value: &str, text: &mut String| {
            text.put(name);
            canonical::write_string(value, text);
        };
        member("{\"from\":", self.from.as_str(), text);
        member(",\"message_type\":", self.kind().as_str(), text);
        text.put(",\"message_version\":1");
        member(",\"nonce\":", &nonce.to_base64(), text);
        text.put(",\"payload\":");
        canonical::write_object(&self.payload, text);
        text.put(",\"protocol_version\":2");
        if let Some(signature) = signature {
            member(",\"signature\":", &signature.to_base64(), text);
        }
        member(",\"timestamp\":", self.timestamp.as_str(), text);
        member(",\"to\":", self.to.as_str(), text);
        text.put("}");
    }
}

/// A message with the signature that claims to be its author's.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedMessage {
    pub(super) message: UserMessage,
    pub(super) signature: Signature,
}

impl SignedMessage {
    /// A message and a signature that came with it, such as one that a client sent along.
    pub fn new(message: UserMessage, signature: Signature) -> Self {
        Self { message, signature }
    }

    /// The message; nothing says yet that its author wrote it.
    pub fn message(&self) -> &UserMessage {
        &self.message
    }

    /// The message without its signature.
    pub(crate) fn into_message(self) -> UserMessage {
        self.message
    }

    /// The signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// What makes this message the same message again.
    pub fn envelope_nonce(&self) -> EnvelopeNonce {
        match self.message.form {
            Form::V2 { nonce } => EnvelopeNonce::Drawn(nonce),
            Form::Legacy { .. } => EnvelopeNonce::Signature(self.signature),
        }
    }

    /// Checks the signature under its author's key; gives the digest of the signed text.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Digest, SignatureError> {
        let text = self.message.signed_text();
        key.verify(text.as_bytes(), &self.signature)?;
        Ok(Digest::of(text.as_bytes()))
    }

    /// The canonical text of the whole, as it is sent.
    pub fn to_canonical(&self) -> String {
        let message = &self.message;
        let in_type_member = match message.form {
            Form::V2 { nonce } => {
                let mut text = String::with_capacity(384);
                message.write_v2(&nonce, Some(&self.signature), &mut text);
                return text;
            }
            Form::Legacy { in_type_member } => in_type_member,
        };
        let mut members = Object::new();
        members.insert(
            if in_type_member { "type" } else { "message_type" },
            message.kind().as_str(),
        );
        members.insert("from", message.from.as_str());
        members.insert("to", message.to.as_str());
        members.insert("timestamp", message.timestamp.as_str());
        members.insert("signature", self.signature.to_base64().as_str());
        if !message.payload.is_empty() {
            members.insert("payload", message.payload.clone());
        }
        canonical::to_string(&Value::Object(members))
    }
}

/// The number a version member must be.
pub(super) fn is_exactly(value: Number, wanted: u32) -> bool {
    value == Number::from(wanted)
}
