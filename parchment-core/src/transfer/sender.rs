//! The old device's side.

use super::{Invitation, Payload, TransferCode, TransferError};
use crate::{
    derive::MasterSeed,
    keys::{EphemeralSecret, SigningKey},
    seal::SealNonce,
};

/// What the old device does about an invitation: it uploads the payload and shows the code.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer {
    /// Goes to the server.
    pub payload: Payload,
    /// Goes onto the screen, and nowhere else.
    pub code: TransferCode,
}

impl Invitation {
    /// Answers the invitation that was scanned with the seed of this device.
    ///
    /// # Errors
    ///
    /// [`TransferError::SmallOrder`] when the invitation holds a key that brings every agreement to the same result.
    pub fn answer(&self, seed: &MasterSeed, once: EphemeralSecret, nonce: SealNonce) -> Result<Answer, TransferError> {
        self.answer_signed_by(&seed.signing_key(), seed, once, nonce)
    }

    /// Answers the invitation and signs with a key that is given.
    ///
    /// Only the key that the seed itself derives makes an answer that the other device takes.
    pub fn answer_signed_by(
        &self,
        identity: &SigningKey,
        seed: &MasterSeed,
        once: EphemeralSecret,
        nonce: SealNonce,
    ) -> Result<Answer, TransferError> {
        let payload = Payload::seal(self, seed, identity, &once, nonce)?;
        let code = TransferCode::of(self.receiver(), payload.sender(), self.session());
        Ok(Answer { payload, code })
    }
}
