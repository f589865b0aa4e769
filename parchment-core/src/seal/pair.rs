//! The older form: ciphertext and nonce apart, and nothing bound (protocol section 8).

use super::{Algorithm, OpenError, Plaintext, RawKey, SealError, SealNonce, cipher};
use crate::encoding::{self, Base64Error};

/// Why two texts are no pair. The fault is with whoever wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The ciphertext is not strict base64 (rule 17.4).
    #[error("The ciphertext is not standard base64 with padding.")]
    Ciphertext,
    /// The nonce is not strict base64 (rule 17.4).
    #[error("The nonce is not standard base64 with padding.")]
    Nonce,
    /// The nonce does not have 12 bytes (rule 17.17).
    #[error("The nonce has {found} bytes where 12 are expected.")]
    NonceLength {
        /// How many it has.
        found: usize,
    },
}

/// A ciphertext (with its tag at the end) and its nonce, AES-256-GCM without associated data.
///
/// Collection shares ([`crate::share::StaticShare`]) and the pins that upstream's client keeps are still in this form.
/// It says nothing about what it is: it opens wherever its key is at hand. Seal nothing new in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    ciphertext: Vec<u8>,
    nonce: [u8; 12],
}

impl Pair {
    /// Reads the strict base64 of ciphertext and nonce.
    pub fn from_base64(ciphertext: &str, nonce: &str) -> Result<Self, PairError> {
        let ciphertext = encoding::decode(ciphertext).map_err(|_| PairError::Ciphertext)?;
        let nonce = encoding::decode_array(nonce).map_err(|error| match error {
            Base64Error::Malformed => PairError::Nonce,
            Base64Error::Length { found, .. } => PairError::NonceLength { found },
        })?;
        Ok(Self { ciphertext, nonce })
    }

    /// The base64 text of the ciphertext.
    pub fn ciphertext_base64(&self) -> String {
        encoding::encode(&self.ciphertext)
    }

    /// The base64 text of the nonce.
    pub fn nonce_base64(&self) -> String {
        encoding::encode(&self.nonce)
    }

    /// Seals bytes in this form, for a program that reads no other.
    pub fn seal(key: &RawKey, plaintext: &[u8], nonce: SealNonce) -> Result<Self, SealError> {
        Self::seal_bytes(key.expose(), plaintext, &nonce)
    }

    /// Opens the pair with a key that the caller knows to be the right one.
    pub fn open(&self, key: &RawKey) -> Result<Plaintext, OpenError> {
        self.open_bytes(key.expose())
    }

    pub(crate) fn open_bytes(&self, key: &[u8; 32]) -> Result<Plaintext, OpenError> {
        cipher::decrypt(Algorithm::Aes256Gcm, key, &self.nonce, &[], &self.ciphertext)
            .map(Plaintext::new)
            .ok_or(OpenError::Unauthentic)
    }

    pub(crate) fn seal_bytes(key: &[u8; 32], plaintext: &[u8], nonce: &SealNonce) -> Result<Self, SealError> {
        let ciphertext = cipher::encrypt(Algorithm::Aes256Gcm, key, nonce.as_bytes(), &[], plaintext);
        Ok(Self {
            ciphertext: ciphertext.ok_or(SealError::PlaintextTooLong)?,
            nonce: *nonce.as_bytes(),
        })
    }
}
