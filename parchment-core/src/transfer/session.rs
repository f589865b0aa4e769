//! Sessions, and the QR code that invites into one.

use crate::{
    canonical::{self, Sink as _, Value},
    keys::EphemeralKey,
    transfer::TransferError,
};

/// The id that the server gave a transfer: ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId(Box<str>);

impl SessionId {
    /// Reads a session id.
    ///
    /// # Errors
    ///
    /// [`TransferError::SessionId`] for a text that is not ASCII.
    pub fn parse(text: &str) -> Result<Self, TransferError> {
        text.is_ascii()
            .then(|| Self(text.into()))
            .ok_or(TransferError::SessionId)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a new device shows: its one-time key and the session it waits in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    session: SessionId,
    receiver: EphemeralKey,
}

impl Invitation {
    /// The invitation of a device with this one-time key.
    pub fn new(session: SessionId, receiver: EphemeralKey) -> Self {
        Self { session, receiver }
    }

    /// Reads the text of a QR code.
    ///
    /// # Errors
    ///
    /// [`TransferError::NotAnInvitation`] for anything but an object of exactly `v` (1), `sessionId` and `receiverPub`;
    /// [`TransferError::SessionId`] for an id outside ASCII.
    pub fn read(text: &str) -> Result<Self, TransferError> {
        let value = canonical::parse(text.as_bytes()).map_err(|_| TransferError::NotAnInvitation)?;
        let member = |name| value.as_object().and_then(|members| members.get(name));
        let is_version_1 = member("v").and_then(Value::as_f64) == Some(1.0);
        let (Some(session), Some(receiver), true, Some(3)) = (
            member("sessionId").and_then(Value::as_str),
            member("receiverPub").and_then(Value::as_str),
            is_version_1,
            value.as_object().map(canonical::Object::len),
        ) else {
            return Err(TransferError::NotAnInvitation);
        };
        Ok(Self {
            session: SessionId::parse(session)?,
            receiver: EphemeralKey::from_base64(receiver).map_err(|_| TransferError::NotAnInvitation)?,
        })
    }

    /// The text of the QR code.
    pub fn to_text(&self) -> String {
        let mut text = String::from("{\"v\":1,\"sessionId\":");
        canonical::write_string(self.session.as_str(), &mut text);
        text.put(",\"receiverPub\":");
        canonical::write_string(&self.receiver.to_base64(), &mut text);
        text.put("}");
        text
    }

    /// The session.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// The new device's one-time key.
    pub fn receiver(&self) -> &EphemeralKey {
        &self.receiver
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_is_read_as_it_was_written_and_nothing_else_is_one() {
        let key = EphemeralKey::from_bytes([7; 32]);
        let invitation = Invitation::new(SessionId::parse("a\"b\\c").unwrap(), key);
        let text = invitation.to_text();
        assert_eq!(Invitation::read(&text), Ok(invitation));
        for wrong in [
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"v\":1", "\"v\":\"1\""),
            text.replace("\"v\":1,", ""),
            text.replace("\"v\":1", "\"v\":1,\"more\":1"),
            text.replace("\"v\":1", "\"v\":1,\"v\":1"),
            text.replace('=', ""),
            "https://home.example".to_owned(),
        ] {
            assert_eq!(Invitation::read(&wrong), Err(TransferError::NotAnInvitation), "{wrong}");
        }
        let outside = text.replace("a\\\"b", "é");
        assert_eq!(Invitation::read(&outside), Err(TransferError::SessionId));
    }
}
