//! Nonces and digests (protocol sections 0, 4 and 17.8).

use std::fmt;

use crate::encoding::{self, Base64Error};

/// Sixteen bytes that are used once, in base64 on the wire.
///
/// Envelope nonces are drawn by the user's device, transport nonces by her server.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A nonce of these bytes; draw them from a cryptographic random generator.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads the strict base64 of 16 bytes.
    pub fn from_base64(text: &str) -> Result<Self, Base64Error> {
        encoding::decode_array(text).map(Self)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The base64 text that is signed and sent.
    pub fn to_base64(self) -> String {
        encoding::encode(&self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", self.to_base64())
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub(crate) [u8; 32]);

impl Digest {
    /// A digest of these bytes, such as one read back from storage.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The base64 text, as it stands in a signed wrapper.
    pub fn to_base64(self) -> String {
        encoding::encode(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.to_base64())
    }
}
