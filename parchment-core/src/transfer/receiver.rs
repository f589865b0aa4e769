//! The new device's side: a chain of states, each of which can only come from the one before.

use super::{Invitation, Payload, SessionId, TransferCode, TransferError};
use crate::{
    derive::{MasterSeed, TransferKey},
    keys::{EphemeralSecret, VerifyingKey},
    secret::secret_traits,
};

/// How often a person may type the code.
pub const MAX_TRIES: u8 = 3;

/// A new device that waits for an answer to its invitation.
#[derive(Debug)]
pub struct Receiver {
    secret: EphemeralSecret,
    invitation: Invitation,
}

impl Receiver {
    /// A device with a one-time secret of its own in the session that the server opened for it.
    pub fn new(session: SessionId, secret: EphemeralSecret) -> Self {
        Self {
            invitation: Invitation::new(session, secret.ephemeral_key()),
            secret,
        }
    }

    /// What to show as a QR code.
    pub fn invitation(&self) -> &Invitation {
        &self.invitation
    }

    /// Takes the payload that was fetched, if the user with this identity signed it for this device and session.
    ///
    /// The one-time secret is used up, whatever comes of it: the server hands a payload out once.
    pub fn receive(self, payload: Payload, identity: &VerifyingKey) -> Result<AwaitingCode, TransferError> {
        payload.verify(&self.invitation, identity)?;
        Ok(AwaitingCode {
            key: payload.key(&self.secret)?,
            code: TransferCode::of(self.invitation.receiver(), payload.sender(), self.invitation.session()),
            invitation: self.invitation,
            payload,
            identity: *identity,
            tries_left: MAX_TRIES,
        })
    }
}

/// A new device that has the payload and waits for the person to type the code.
pub struct AwaitingCode {
    invitation: Invitation,
    payload: Payload,
    key: TransferKey,
    identity: VerifyingKey,
    code: TransferCode,
    tries_left: u8,
}

secret_traits!(AwaitingCode);

/// What came of a typed code.
#[derive(Debug)]
pub enum Attempt {
    /// The code was right, and this is the seed of the user who signed.
    Opened(MasterSeed),
    /// The code was wrong; there are tries left.
    Wrong(Box<AwaitingCode>),
    /// The payload is gone, and the transfer has to start again.
    Discarded(TransferError),
}

impl AwaitingCode {
    /// How many more codes can be tried.
    pub fn tries_left(&self) -> u8 {
        self.tries_left
    }

    /// Tries the code that a person typed. The payload stays closed, and its key unused, until it is right.
    pub fn try_code(mut self, typed: &TransferCode) -> Attempt {
        if !self.code.equals(typed) {
            self.tries_left = self.tries_left.saturating_sub(1);
            return match self.tries_left {
                0 => Attempt::Discarded(TransferError::TooManyTries),
                _ => Attempt::Wrong(Box::new(self)),
            };
        }
        match self.danger_open_without_code() {
            Ok(seed) if seed.is_of(&self.identity) => Attempt::Opened(seed),
            Ok(_) => Attempt::Discarded(TransferError::OtherIdentity),
            Err(error) => Attempt::Discarded(error),
        }
    }

    /// Opens the payload without the code, and without a look at whose seed it is.
    ///
    /// Whoever does this lets a server that lies about the user's identity choose the seed. It is here for those who
    /// look into other implementations; a client has no use for it.
    pub fn danger_open_without_code(&self) -> Result<MasterSeed, TransferError> {
        self.payload.open(&self.invitation, &self.key)
    }
}
