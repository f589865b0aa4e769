//! Recovery slots: the master seed, wrapped for a passkey and signed by its owner (protocol section 10).
//!
//! | What | Value |
//! |---|---|
//! | key | [`PrfWrapKey`] of the passkey |
//! | plaintext | the base64 text of the seed |
//! | bound to | user id, `wrapped-master-key`, credential id, `parchment-prf-wrap-v1` |
//! | signed text | `{"type":"wrapped-km-slot","credentialId":…,"userId":…,"wrapAlgo":…,"wrappedKm":…}` |
//!
//! The server keeps the slots and could put another in the place of one. So a [`Slot`] as it arrives can only be
//! [verified](Slot::verify), and what that gives can only be unwrapped into the seed of the very user who signed it.
//!
//! ```
//! use parchment_core::{derive::MasterSeed, prf::PrfOutput, seal::SealNonce, slot::{Slot, SlotPlace}};
//!
//! let (seed, passkey) = (MasterSeed::from_bytes(&[7; 32]), PrfOutput::from_bytes(&[3; 32]));
//! let identity = seed.signing_key().verifying_key();
//! let place = SlotPlace { user_id: "user-1", credential_id: "Y3JlZGVudGlhbC0x" };
//! // In earnest, the nonce comes from a cryptographic random generator.
//! let slot = Slot::wrap(&seed, &passkey.wrap_key()?, place, SealNonce::from_bytes([1; 12]))?;
//!
//! // On another device, after a sign-in with the passkey:
//! let recovered = slot.verify(place, &identity)?.unwrap(&passkey.wrap_key()?)?;
//! assert_eq!(recovered, seed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{
    canonical::Object,
    derive::{MasterSeed, PrfWrapKey, info},
    encoding::Base64Error,
    envelope::legacy,
    keys::{Signature, SigningKey, VerifyingKey},
    seal::{self, Aad, Algorithm, Envelope, OpenError, SealError, SealNonce},
};

/// The one way of wrapping there is: `wrapAlgo`.
pub const WRAP_ALGORITHM: &str = "aes-256-gcm-prf-v1";

/// The type in the signed text.
const SIGNED_TYPE: &str = "wrapped-km-slot";

/// Why a slot is not taken. All but the last two say that whoever keeps the slots gave another one, or a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// The slot belongs to another credential than was asked for.
    #[error("The server gave the recovery slot of another passkey than was asked for.")]
    OtherCredential,
    /// The signature is not the strict base64 of 64 bytes (rule 17.4).
    #[error("The signature of the recovery slot cannot be read: {0}.")]
    Signature(Base64Error),
    /// The signature is not the user's over this slot for this user and credential.
    #[error("The recovery slot was not signed by this user for this passkey. Do not use it.")]
    NotSigned,
    /// The slot is wrapped in a way that is not known here.
    #[error("The recovery slot is wrapped by an algorithm that is not known here. A newer client may know it.")]
    Algorithm,
    /// The wrapped seed does not open: another passkey made it, or it was changed.
    #[error("The recovery slot does not open with this passkey: {0}")]
    Unusable(OpenError),
    /// What was wrapped is no seed.
    #[error("What the recovery slot holds is no seed; the client that made it is at fault.")]
    NotASeed,
    /// The seed is that of another user.
    #[error("The recovery slot holds the seed of another identity. Do not use it.")]
    OtherIdentity,
}

/// Where a slot belongs: to this passkey of this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlace<'a> {
    /// Whose seed it is.
    pub user_id: &'a str,
    /// The passkey's credential id, in the base64url that WebAuthn gives.
    pub credential_id: &'a str,
}

/// A recovery slot as it is stored and sent; nothing says yet that its owner made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The passkey it is wrapped for, `credentialId`.
    pub credential_id: String,
    /// The envelope in base64, `wrappedKm`. It is signed as this very text.
    pub wrapped_km: String,
    /// How it is wrapped, `wrapAlgo`.
    pub wrap_algo: String,
    /// The owner's signature in base64, `slotSignature`.
    pub slot_signature: String,
}

impl Slot {
    /// Wraps a seed for a passkey and signs it with the seed's own identity.
    pub fn wrap(
        seed: &MasterSeed,
        key: &PrfWrapKey,
        place: SlotPlace<'_>,
        nonce: SealNonce,
    ) -> Result<Self, SealError> {
        Self::wrap_signed_by(&seed.signing_key(), seed, key, place, nonce)
    }

    /// Wraps a seed and signs it with a key that is given.
    ///
    /// Only the key that the seed itself derives makes a slot that [`VerifiedSlot::unwrap`] takes.
    pub fn wrap_signed_by(
        identity: &SigningKey,
        seed: &MasterSeed,
        key: &PrfWrapKey,
        place: SlotPlace<'_>,
        nonce: SealNonce,
    ) -> Result<Self, SealError> {
        let text = seed.to_recovery_key();
        let wrapped = seal::seal_bytes(Algorithm::Aes256Gcm, &aad(place), key.expose(), text.as_bytes(), nonce)?;
        let mut slot = Self {
            credential_id: place.credential_id.to_owned(),
            wrapped_km: wrapped.to_base64(),
            wrap_algo: WRAP_ALGORITHM.to_owned(),
            slot_signature: String::new(),
        };
        slot.slot_signature = identity.sign(&slot.signed_text(place.user_id)).to_base64();
        Ok(slot)
    }

    /// The text that the owner signs.
    pub fn signed_text(&self, user_id: &str) -> String {
        let mut members = Object::new();
        members.insert("credentialId", &*self.credential_id);
        members.insert("userId", user_id);
        members.insert("wrapAlgo", &*self.wrap_algo);
        members.insert("wrappedKm", &*self.wrapped_km);
        legacy::signed_text(SIGNED_TYPE, &members.into())
    }

    /// Checks that this slot was signed for this place by the user with this identity.
    ///
    /// Ask for the credential that the passkey itself named, and take the identity from where it is known to be right
    /// (not from the answer that brought the slot).
    pub fn verify(&self, place: SlotPlace<'_>, identity: &VerifyingKey) -> Result<VerifiedSlot<'_>, SlotError> {
        if self.credential_id != place.credential_id {
            return Err(SlotError::OtherCredential);
        }
        let signature = Signature::from_base64(&self.slot_signature).map_err(SlotError::Signature)?;
        identity
            .verify(self.signed_text(place.user_id).as_bytes(), &signature)
            .map_err(|_| SlotError::NotSigned)?;
        Ok(VerifiedSlot {
            slot: self,
            user_id: place.user_id.to_owned(),
            identity: *identity,
        })
    }

    /// Unwraps the seed of a slot that nobody is known to have signed.
    ///
    /// Whoever keeps the slots decides what comes out: before the seed is used for anything, it must be compared with
    /// the user's identity ([`MasterSeed::is_of`]). Prefer [`Slot::verify`], which leaves nothing to remember.
    pub fn danger_unwrap_unverified(&self, user_id: &str, key: &PrfWrapKey) -> Result<MasterSeed, SlotError> {
        if self.wrap_algo != WRAP_ALGORITHM {
            return Err(SlotError::Algorithm);
        }
        let place = SlotPlace {
            user_id,
            credential_id: &self.credential_id,
        };
        let envelope = Envelope::from_base64(&self.wrapped_km).map_err(|error| SlotError::Unusable(error.into()))?;
        let opened = seal::open_bytes(&aad(place), key.expose(), &envelope).map_err(SlotError::Unusable)?;
        let text = opened.as_str().map_err(|_| SlotError::NotASeed)?;
        MasterSeed::from_base64(text).map_err(|_| SlotError::NotASeed)
    }
}

/// A slot that its owner signed for the passkey it is wrapped for.
#[derive(Debug, Clone)]
pub struct VerifiedSlot<'a> {
    slot: &'a Slot,
    user_id: String,
    identity: VerifyingKey,
}

impl VerifiedSlot<'_> {
    /// Unwraps the seed, which is then that of the identity that signed the slot.
    pub fn unwrap(&self, key: &PrfWrapKey) -> Result<MasterSeed, SlotError> {
        let seed = self.slot.danger_unwrap_unverified(&self.user_id, key)?;
        if !seed.is_of(&self.identity) {
            return Err(SlotError::OtherIdentity);
        }
        Ok(seed)
    }
}

fn aad(place: SlotPlace<'_>) -> Aad<'_> {
    Aad {
        user_id: place.user_id.into(),
        record_type: "wrapped-master-key".into(),
        record_id: place.credential_id.into(),
        key_context: info::PRF_WRAP.into(),
    }
}
