//! What people compare over the phone instead of a key.

use std::fmt;

use parchment_core::{encoding, keys::VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a public key's 32 bytes.
///
/// Written as OpenSSH writes those of its keys: `SHA256:` and the base64 without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a key.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        Self::of_bytes(key.as_bytes())
    }

    /// The fingerprint of a key in base64; none when it is none.
    #[must_use]
    pub fn of_base64(key: &str) -> Option<Self> {
        VerifyingKey::from_base64(key).ok().map(|key| Self::of(&key))
    }

    /// The fingerprint of a key as it is stored.
    #[must_use]
    pub fn of_bytes(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", encoding::encode(&self.0).trim_end_matches('='))
    }
}
