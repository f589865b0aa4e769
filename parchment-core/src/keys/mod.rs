//! Keys and signatures: strict Ed25519 and X25519 public keys (protocol sections 0, 15 and 17.3).
//!
//! `verify` means strict here: canonical encodings, S below the group order, no small-order key
//! or R, the cofactorless equation. Every honest signature passes, and every implementation
//! that is at least this strict gives the same answer.
//!
//! What two keys agree on is in [`SharedSecret`]; which keys are made of it, in [`crate::derive`].

mod agreement;

use std::fmt;

use ed25519_dalek::Signer as _;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::encoding::{self, Base64Error};

pub use agreement::{AgreementSecret, EphemeralKey, EphemeralSecret, SharedSecret};

/// Bytes or a text that cannot be used as a key or signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the strict base64 of a key or signature.
    #[error(transparent)]
    Encoding(#[from] Base64Error),
    /// The bytes name no point of the curve, or name it in a non-canonical way.
    #[error("these bytes are not the canonical encoding of a curve point")]
    NotCanonical,
    /// A key of small order: signatures under it, or secrets agreed with it, prove nothing.
    #[error("a key of small order cannot be used")]
    SmallOrder,
}

/// A signature that does not verify under the key and text it was checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureError;

/// A user's Ed25519 signing key. Prints nothing of itself and is wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads the strict base64 of a 32-byte seed.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let seed = zeroize::Zeroizing::new(encoding::decode_array(text)?);
        Ok(Self::from_seed(&seed))
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs the UTF-8 bytes of a text.
    ///
    /// Prefer the typed forms ([`crate::envelope::UserMessage::sign`]): they can only sign what the protocol knows.
    pub fn sign(&self, text: &str) -> Signature {
        Signature(self.0.sign(text.as_bytes()).to_bytes())
    }

    /// Signs a friend share: a one-time key and an envelope, the only thing that is signed and no text.
    ///
    /// Their byte 32 is the envelope's version, 2, which no signed text contains: canonical JSON escapes it.
    pub(crate) fn sign_share(&self, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(bytes).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(secret)")
    }
}

/// An Ed25519 public key: canonical, not of small order, kept ready for verification.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads 32 bytes; refuses what is no point, not its canonical encoding, or of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotCanonical)?;
        // Decompression takes y modulo p; only re-encoding shows that the bytes were the one canonical form.
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(key))
    }

    /// Reads the strict base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&encoding::decode_array(text)?)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The base64 text as it is published.
    pub fn to_base64(&self) -> String {
        encoding::encode(self.as_bytes())
    }

    /// Checks a signature over the UTF-8 bytes of a text, strictly.
    pub fn verify(&self, text: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        self.0
            .verify_strict(text, &ed25519_dalek::Signature::from_bytes(&signature.0))
            .map_err(|_| SignatureError)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.to_base64())
    }
}

/// The 64 bytes of an Ed25519 signature, not yet checked against anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// A signature of these bytes.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Reads the strict base64 of 64 bytes.
    pub fn from_base64(text: &str) -> Result<Self, Base64Error> {
        encoding::decode_array(text).map(Self)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The base64 text as it is sent.
    pub fn to_base64(&self) -> String {
        encoding::encode(&self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.to_base64())
    }
}

/// An X25519 public key: below 2^255 − 19 and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AgreementKey([u8; 32]);

impl AgreementKey {
    /// Reads 32 bytes; refuses a coordinate that is not reduced and points of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        if !is_reduced(&bytes) {
            return Err(KeyError::NotCanonical);
        }
        // Any clamped scalar is a multiple of eight and so sends exactly the small-order points to zero.
        let probe = StaticSecret::from([1_u8; 32]);
        if !probe.diffie_hellman(&PublicKey::from(bytes)).was_contributory() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(bytes))
    }

    /// Reads the strict base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(encoding::decode_array(text)?)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The base64 text as it is published.
    pub fn to_base64(&self) -> String {
        encoding::encode(&self.0)
    }
}

impl fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementKey({})", self.to_base64())
    }
}

/// Whether a little-endian number is below p = 2^255 − 19.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *highest < 0x7f || *highest == 0x7f && (middle.iter().any(|&byte| byte != 0xff) || *lowest < 0xed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_nothing() {
        assert_eq!(format!("{:?}", SigningKey::from_seed(&[7; 32])), "SigningKey(secret)");
    }

    #[test]
    fn small_order_and_unreduced_agreement_keys_are_refused() {
        let mut one = [0_u8; 32];
        one[0] = 1;
        let mut p = [0xff_u8; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        let mut below_p = p;
        below_p[0] = 0xec;
        assert_eq!(AgreementKey::from_bytes([0; 32]), Err(KeyError::SmallOrder));
        assert_eq!(AgreementKey::from_bytes(one), Err(KeyError::SmallOrder));
        assert_eq!(AgreementKey::from_bytes(below_p), Err(KeyError::SmallOrder));
        assert_eq!(AgreementKey::from_bytes(p), Err(KeyError::NotCanonical));
        assert_eq!(AgreementKey::from_bytes([0xff; 32]), Err(KeyError::NotCanonical));
        let mut base = [0; 32];
        base[0] = 9;
        assert!(AgreementKey::from_bytes(base).is_ok());
    }

    #[test]
    fn a_signature_holds_for_its_text_alone() {
        let key = SigningKey::from_seed(&[1; 32]);
        let signature = key.sign("hello");
        assert_eq!(key.verifying_key().verify(b"hello", &signature), Ok(()));
        assert_eq!(key.verifying_key().verify(b"hellp", &signature), Err(SignatureError));
    }
}
