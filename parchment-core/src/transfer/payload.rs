//! What the old device uploads and the new one fetches.

use super::{Invitation, TransferError};
use crate::{
    canonical::Object,
    derive::{MasterSeed, TransferKey, info},
    envelope::legacy,
    keys::{EphemeralKey, EphemeralSecret, Signature, SigningKey, VerifyingKey},
    seal::{self, Aad, Algorithm, Envelope, SealNonce},
};

/// The type in the signed text.
const SIGNED_TYPE: &str = "device-transfer";

/// The sealed seed, with the old device's one-time key and the user's signature; not yet checked against anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    sender: EphemeralKey,
    sealed_seed: Envelope,
    signature: Signature,
}

impl Payload {
    /// Reads the three texts that are uploaded.
    pub fn from_base64(
        sender_ephemeral_pub: &str,
        sealed_seed: &str,
        sender_signature: &str,
    ) -> Result<Self, TransferError> {
        Ok(Self {
            sender: EphemeralKey::from_base64(sender_ephemeral_pub).map_err(TransferError::Encoding)?,
            sealed_seed: Envelope::from_base64(sealed_seed).map_err(TransferError::Shape)?,
            signature: Signature::from_base64(sender_signature).map_err(TransferError::Encoding)?,
        })
    }

    /// The old device's one-time key, `senderEphemeralPub`.
    pub fn sender(&self) -> &EphemeralKey {
        &self.sender
    }

    /// The sealed seed, `sealedSeed`.
    pub fn sealed_seed(&self) -> &Envelope {
        &self.sealed_seed
    }

    /// The user's signature, `senderSignature`.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Seals a seed for the device that invites, and signs the two keys and the session.
    pub(super) fn seal(
        invitation: &Invitation,
        seed: &MasterSeed,
        identity: &SigningKey,
        once: &EphemeralSecret,
        nonce: SealNonce,
    ) -> Result<Self, TransferError> {
        let sender = once.ephemeral_key();
        let shared = once
            .agree_once(invitation.receiver())
            .map_err(|_| TransferError::SmallOrder)?;
        let (key, text) = (TransferKey::derive(&shared), seed.to_recovery_key());
        let aad = aad(invitation, &sender);
        let sealed = seal::seal_bytes(Algorithm::Aes256Gcm, &aad, key.expose(), text.as_bytes(), nonce);
        Ok(Self {
            sealed_seed: sealed.map_err(TransferError::Seal)?,
            signature: identity.sign(&signed_text(invitation, &sender)),
            sender,
        })
    }

    /// Checks that the user with this identity answered this very invitation.
    pub(super) fn verify(&self, invitation: &Invitation, identity: &VerifyingKey) -> Result<(), TransferError> {
        let text = signed_text(invitation, &self.sender);
        let verified = identity.verify(text.as_bytes(), &self.signature);
        verified.map_err(|_| TransferError::NotSigned)
    }

    /// The key that both devices come to.
    pub(super) fn key(&self, receiver: &EphemeralSecret) -> Result<TransferKey, TransferError> {
        let shared = receiver
            .agree_once(&self.sender)
            .map_err(|_| TransferError::SmallOrder)?;
        Ok(TransferKey::derive(&shared))
    }

    /// Opens the sealed seed; whose it is remains to be seen.
    pub(super) fn open(&self, invitation: &Invitation, key: &TransferKey) -> Result<MasterSeed, TransferError> {
        let opened = seal::open_bytes(&aad(invitation, &self.sender), key.expose(), &self.sealed_seed);
        let opened = opened.map_err(TransferError::Unusable)?;
        let text = opened.as_str().map_err(|_| TransferError::NotASeed)?;
        MasterSeed::from_base64(text).map_err(|_| TransferError::NotASeed)
    }
}

/// The text that the user's identity signs.
fn signed_text(invitation: &Invitation, sender: &EphemeralKey) -> String {
    let mut members = Object::new();
    members.insert("receiverEphemeralPub", &*invitation.receiver().to_base64());
    members.insert("senderEphemeralPub", &*sender.to_base64());
    members.insert("sessionId", invitation.session().as_str());
    legacy::signed_text(SIGNED_TYPE, &members.into())
}

fn aad<'a>(invitation: &'a Invitation, sender: &EphemeralKey) -> Aad<'a> {
    Aad {
        user_id: invitation.session().as_str().into(),
        record_type: "device-transfer".into(),
        record_id: format!("{}|{}", invitation.receiver().to_base64(), sender.to_base64()).into(),
        key_context: info::TRANSFER.into(),
    }
}
