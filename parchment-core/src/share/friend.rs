//! Signed ECIES to a friend.

use std::fmt;

use super::Binding;
use crate::{
    derive::EciesKey,
    encoding,
    keys::{AgreementKey, AgreementSecret, EphemeralKey, EphemeralSecret, Signature, SigningKey, VerifyingKey},
    seal::{self, Algorithm, Envelope, OpenError, Plaintext, SealError, SealNonce},
};

/// One-time key and signature; anything shorter is not looked at.
pub const MIN_BYTES: usize = EPHEMERAL + SIGNATURE;

const EPHEMERAL: usize = 32;
const SIGNATURE: usize = 64;

/// Why something was not sealed to a friend, or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// Not strict base64 (rule 17.4); the sender is at fault.
    #[error("The share is not standard base64 with padding.")]
    Base64,
    /// Too short for a one-time key and a signature; the sender is at fault.
    #[error("The share has {found} bytes, and a one-time key and a signature alone have 96.")]
    TooShort {
        /// How many there are.
        found: usize,
    },
    /// The signature is not the sender's: somebody else made the share, or changed it.
    #[error("The share was not signed by this friend, or was changed since.")]
    NotSigned,
    /// A key that brings every agreement to the same result; whoever made it is at fault.
    #[error("A key of small order cannot be shared with, or from.")]
    SmallOrder,
    /// It cannot be sealed; the caller is at fault.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It does not open: it was sealed for another recipient, sender or moment.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Something sealed to one friend and signed by another.
///
/// | Bytes | Content |
/// |---|---|
/// | 32 | one-time X25519 key |
/// | 30 or more | envelope ([`crate::seal`]) under the [`EciesKey`] of that key and the recipient's, bound to the [`Binding`] |
/// | 64 | the sender's Ed25519 signature over all before it |
///
/// ```
/// use parchment_core::{
///     derive::MasterSeed, handle::Handle, keys::EphemeralSecret, seal::SealNonce,
///     share::{Binding, FriendShare}, time::Timestamp,
/// };
///
/// let (alice, bob) = (MasterSeed::from_bytes(&[1; 32]), MasterSeed::from_bytes(&[2; 32]));
/// let (from, to) = (Handle::parse("alice@a.example")?, Handle::parse("bob@b.example")?);
/// let now = Timestamp::parse("2026-04-20T12:00:00.000Z")?;
/// let binding = Binding::new(&from, &to, &now);
///
/// // In earnest, both come from a cryptographic random generator.
/// let (once, nonce) = (EphemeralSecret::from_bytes(&[3; 32]), SealNonce::from_bytes([4; 12]));
/// let bobs_key = bob.encryption_secret().agreement_key();
/// let text = FriendShare::seal(b"hello bob", &binding, &bobs_key, &alice.signing_key(), once, nonce)?.to_base64();
///
/// let alices_key = alice.signing_key().verifying_key();
/// let opened = FriendShare::from_base64(&text)?.open(&binding, &bob.encryption_secret(), &alices_key)?;
/// assert_eq!(opened.as_bytes(), b"hello bob");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct FriendShare(Vec<u8>);

impl FriendShare {
    /// Seals bytes to a friend.
    ///
    /// # Errors
    ///
    /// [`ShareError::Seal`] when something is too long.
    pub fn seal(
        plaintext: &[u8],
        binding: &Binding<'_>,
        recipient: &AgreementKey,
        sender: &SigningKey,
        once: EphemeralSecret,
        nonce: SealNonce,
    ) -> Result<Self, ShareError> {
        let shared = once.agree(recipient).map_err(|_| ShareError::SmallOrder)?;
        let key = EciesKey::derive(&shared);
        let envelope = seal::seal_bytes(Algorithm::Aes256Gcm, &binding.aad(), key.expose(), plaintext, nonce)?;
        let mut bytes = [once.ephemeral_key().as_bytes(), envelope.as_bytes()].concat();
        let signature = sender.sign_share(&bytes);
        bytes.extend_from_slice(signature.as_bytes());
        Ok(Self(bytes))
    }

    /// Reads the strict base64 of a share; only its length is checked.
    pub fn from_base64(text: &str) -> Result<Self, ShareError> {
        Self::from_bytes(encoding::decode(text).map_err(|_| ShareError::Base64)?)
    }

    /// Takes the bytes of a share; only their length is checked.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ShareError> {
        let found = bytes.len();
        if found < MIN_BYTES {
            return Err(ShareError::TooShort { found });
        }
        Ok(Self(bytes))
    }

    /// The base64 text as it is sent.
    pub fn to_base64(&self) -> String {
        encoding::encode(&self.0)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Checks that the friend with this identity signed it, and opens it with the recipient's secret.
    ///
    /// Freshness is for the caller: a share opens as often as it is shown, so compare its timestamp with that of the
    /// last one.
    pub fn open(
        &self,
        binding: &Binding<'_>,
        recipient: &AgreementSecret,
        sender: &VerifyingKey,
    ) -> Result<Plaintext, ShareError> {
        let found = self.0.len();
        let (signed, signature) = self.0.split_last_chunk().ok_or(ShareError::TooShort { found })?;
        sender
            .verify(signed, &Signature::from_bytes(*signature))
            .map_err(|_| ShareError::NotSigned)?;
        let (once, envelope) = signed.split_first_chunk().ok_or(ShareError::TooShort { found })?;
        let shared = recipient
            .agree_once(&EphemeralKey::from_bytes(*once))
            .map_err(|_| ShareError::SmallOrder)?;
        let envelope = Envelope::from_bytes(envelope.to_vec()).map_err(OpenError::from)?;
        let key = EciesKey::derive(&shared);
        Ok(seal::open_bytes(&binding.aad(), key.expose(), &envelope)?)
    }
}

impl fmt::Debug for FriendShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FriendShare({} bytes)", self.0.len())
    }
}
