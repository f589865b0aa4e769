//! Reading messages: shape first, then each member (protocol sections 4, 17.2, 17.6, 17.9 and 17.15).

use crate::{
    canonical::{Number, Object, Value},
    envelope::{
        Content, Form, Kind, SignedMessage, UserMessage,
        legacy::RESERVED_MEMBERS,
        message::{MESSAGE_VERSION, PROTOCOL_VERSION, is_exactly},
    },
    handle::Handle,
    keys::Signature,
    nonce::Nonce,
    refusal::{Code, Refusal},
    time::Timestamp,
};

/// The members of an inbox body and nothing else.
struct Shape<'a> {
    from: &'a str,
    to: &'a str,
    timestamp: &'a str,
    signature: &'a str,
    protocol_version: Option<Number>,
    message_version: Option<Number>,
    message_type: Option<&'a str>,
    type_: Option<&'a str>,
    nonce: Option<&'a str>,
    payload: Option<&'a Object>,
}

const MEMBERS: [&str; 10] = [
    "from",
    "to",
    "timestamp",
    "signature",
    "protocol_version",
    "message_version",
    "message_type",
    "type",
    "nonce",
    "payload",
];

impl<'a> Shape<'a> {
    fn read(body: &'a Value) -> Result<Self, Refusal> {
        let object = body.as_object().ok_or_else(|| shape("The body is not an object."))?;
        if let Some((name, _)) = object.iter().find(|(name, _)| !MEMBERS.contains(name)) {
            // Names come from the peer: quote what is short and plain, so that a log line stays one.
            let shown = if name.len() <= 40 && name.bytes().all(|b| b.is_ascii_graphic()) {
                name
            } else {
                "…"
            };
            return Err(shape(format!("The body has an unknown member {shown}.")).by_rule(2));
        }
        let required = |name| {
            optional(object, name, Value::as_str)?.ok_or_else(|| shape(format!("The body has no member {name}.")))
        };
        Ok(Self {
            from: required("from")?,
            to: required("to")?,
            timestamp: required("timestamp")?,
            signature: required("signature")?,
            protocol_version: optional(object, "protocol_version", as_number)?,
            message_version: optional(object, "message_version", as_number)?,
            message_type: optional(object, "message_type", Value::as_str)?,
            type_: optional(object, "type", Value::as_str)?,
            nonce: optional(object, "nonce", Value::as_str)?,
            payload: optional(object, "payload", Value::as_object)?,
        })
    }

    /// The form and the text of the kind, which stand in different members in each form.
    fn form(&self) -> Result<(Form, &'a str), Refusal> {
        let Some(version) = self.protocol_version else {
            return self.legacy_form();
        };
        if !is_exactly(version, PROTOCOL_VERSION) {
            let detail = "The message's protocol_version is neither 2 nor absent.";
            return Err(Refusal::new(Code::UnsupportedMessageVersion, detail).by_rule(6));
        }
        if self.type_.is_some() {
            return Err(shape("A version 2 message has message_type and no type.").by_rule(15));
        }
        if self
            .message_version
            .is_some_and(|version| !is_exactly(version, MESSAGE_VERSION))
        {
            return Err(shape("The message_version is neither 1 nor absent.").by_rule(15));
        }
        let kind = self
            .message_type
            .ok_or_else(|| shape("A version 2 message needs a message_type."))?;
        let nonce = self.nonce.ok_or_else(|| shape("A version 2 message needs a nonce."))?;
        let nonce = Nonce::from_base64(nonce).map_err(|error| {
            Refusal::new(
                Code::MalformedNonce,
                format!("The message's nonce is unusable: {error}."),
            )
            .by_rule(8)
        })?;
        Ok((Form::V2 { nonce }, kind))
    }

    fn legacy_form(&self) -> Result<(Form, &'a str), Refusal> {
        if self.nonce.is_some() || self.message_version.is_some() {
            let detail = "A message without protocol_version has neither nonce nor message_version.";
            return Err(shape(detail).by_rule(15));
        }
        let (kind, in_type_member) = match (self.type_, self.message_type) {
            (Some(kind), None) => (kind, true),
            (None, Some(kind)) => (kind, false),
            _ => {
                let detail = "A message without protocol_version has exactly one of type and message_type.";
                return Err(shape(detail).by_rule(15));
            }
        };
        Ok((Form::Legacy { in_type_member }, kind))
    }
}

impl SignedMessage {
    /// Reads a message of any kind; checks everything that needs neither a clock nor a key.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] about the shape ([`Code::InvalidBody`]) or about one of the members.
    pub fn read(body: &Value) -> Result<Self, Refusal> {
        Self::read_kinds(body, Kind::ALL)
    }

    /// Reads a message of one of these kinds; others are refused by name, whatever they carry (rule 17.19).
    ///
    /// # Errors
    ///
    /// As [`Self::read`], and [`Code::UnsupportedMessageType`].
    pub fn read_kinds(body: &Value, kinds: &[Kind]) -> Result<Self, Refusal> {
        let shape = Shape::read(body)?;
        let (form, kind) = shape.form()?;
        let message = |code, detail: &'static str| Refusal::new(code, detail);

        let handle =
            |text: &str, detail| Handle::parse(text).map_err(|_| message(Code::InvalidHandle, detail).by_rule(16));
        let from = handle(shape.from, "The sender (from) is not a handle.")?;
        let to = handle(shape.to, "The recipient (to) is not a handle.")?;
        let timestamp = Timestamp::parse(shape.timestamp).map_err(|_| {
            message(
                Code::InvalidTimestamp,
                "The message's timestamp is not RFC 3339 with a zone.",
            )
            .by_rule(5)
        })?;
        let signature = Signature::from_base64(shape.signature).map_err(|error| {
            Refusal::new(
                Code::MalformedSignature,
                format!("The message's signature is unusable: {error}."),
            )
            .by_rule(4)
        })?;
        let kind = Kind::parse(kind)
            .ok_or_else(|| message(Code::UnsupportedMessageType, "There is no such type of message."))?;
        if !kinds.contains(&kind) {
            let detail = format!("{kind} is not supported by this server.");
            return Err(Refusal::new(Code::UnsupportedMessageType, detail).by_rule(19));
        }
        let payload = shape.payload.cloned().unwrap_or_default();
        if let Form::Legacy { .. } = form {
            check_legacy(kind, &payload)?;
        }
        let content = Content::read(kind, &payload)?;
        Ok(Self {
            message: UserMessage {
                form,
                content,
                from,
                to,
                timestamp,
                payload,
            },
            signature,
        })
    }
}

fn check_legacy(kind: Kind, payload: &Object) -> Result<(), Refusal> {
    if !matches!(kind, Kind::FriendInvite | Kind::FriendAccept | Kind::FriendReject) {
        let detail = "This type of message is taken in version 2 only.";
        return Err(Refusal::new(Code::LegacyRefused, detail).by_rule(9));
    }
    if RESERVED_MEMBERS.iter().any(|name| payload.get(name).is_some()) {
        let detail = "The payload of a legacy message must not hold from, to, timestamp or type.";
        return Err(Refusal::new(Code::LegacyRefused, detail).by_rule(9));
    }
    Ok(())
}

fn shape(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::InvalidBody, detail)
}

fn as_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// A member of the wanted type, or none; a member of another type, null too, is refused.
fn optional<'a, T>(
    object: &'a Object,
    name: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    object
        .get(name)
        .map(|value| read(value).ok_or_else(|| shape(format!("The member {name} has the wrong type.")).by_rule(15)))
        .transpose()
}
