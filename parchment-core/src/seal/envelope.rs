//! Envelopes as bytes and texts, and looking at them without a key.

use std::fmt;

use super::{Algorithm, SealNonce, ShapeError};
use crate::encoding;

/// The one version there is: an envelope's first byte.
pub const VERSION: u8 = 2;

/// Header, nonce and tag around an empty record.
pub const MIN_BYTES: usize = HEADER + NONCE + TAG;

const HEADER: usize = 2;
const NONCE: usize = 12;
const TAG: usize = 16;

/// A sealed record whose shape is in order. What is in it, only its key can tell.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    bytes: Vec<u8>,
    algorithm: Algorithm,
}

impl Envelope {
    /// Reads the strict base64 of an envelope of the one algorithm that everybody reads, AES-256-GCM.
    pub fn from_base64(text: &str) -> Result<Self, ShapeError> {
        Self::from_base64_accepting(text, Algorithm::WIRE)
    }

    /// Reads the strict base64 of an envelope of any of these algorithms.
    pub fn from_base64_accepting(text: &str, accepted: &[Algorithm]) -> Result<Self, ShapeError> {
        Self::from_bytes_accepting(encoding::decode(text).map_err(|_| ShapeError::Base64)?, accepted)
    }

    /// Takes the bytes of an envelope of the one algorithm that everybody reads, AES-256-GCM.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ShapeError> {
        Self::from_bytes_accepting(bytes, Algorithm::WIRE)
    }

    /// Takes the bytes of an envelope of any of these algorithms.
    pub fn from_bytes_accepting(bytes: Vec<u8>, accepted: &[Algorithm]) -> Result<Self, ShapeError> {
        let found = bytes.len();
        let &[version, algorithm, ..] = &*bytes else {
            return Err(ShapeError::TooShort { found });
        };
        if found < MIN_BYTES {
            return Err(ShapeError::TooShort { found });
        }
        if version != VERSION {
            return Err(ShapeError::Version { found: version });
        }
        let accepted = accepted.iter().find(|accepted| accepted.byte() == algorithm);
        let algorithm = *accepted.ok_or(ShapeError::Algorithm { found: algorithm })?;
        Ok(Self { bytes, algorithm })
    }

    /// Puts what the cipher gave behind header and nonce.
    pub(super) fn assemble(algorithm: Algorithm, nonce: &SealNonce, sealed: &[u8]) -> Self {
        let header = [VERSION, algorithm.byte()];
        Self {
            bytes: [&header[..], nonce.as_bytes(), sealed].concat(),
            algorithm,
        }
    }

    /// How it is sealed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes, as they may be stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The base64 text as it is sent.
    pub fn to_base64(&self) -> String {
        encoding::encode(&self.bytes)
    }

    pub(super) fn nonce(&self) -> &[u8; NONCE] {
        // The length was checked when the envelope was made.
        let nonce = self.bytes.get(HEADER..).and_then(<[u8]>::first_chunk);
        nonce.unwrap_or(&[0; NONCE])
    }

    /// Ciphertext and tag.
    pub(super) fn sealed(&self) -> &[u8] {
        self.bytes.get(HEADER + NONCE..).unwrap_or_default()
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({:?}, {} bytes)", self.algorithm, self.bytes.len())
    }
}

/// What can be seen of an envelope without its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// The first byte; none when the text is empty or not strict base64.
    pub version: Option<u8>,
    /// The algorithm of an envelope whose shape is in order, or what is wrong with it.
    pub shape: Result<Algorithm, ShapeError>,
}

impl Inspection {
    /// Whether the first byte is that of an envelope, however wrong the rest may be.
    pub fn is_v2(&self) -> bool {
        self.version == Some(VERSION)
    }
}

/// Looks at the base64 text of an envelope, as a server does before it stores one.
///
/// Base64, length, version and algorithm are checked in this order. Only AES-256-GCM passes, since whoever reads the
/// record later may know nothing else.
///
/// ```
/// use parchment_core::seal::{ShapeError, inspect};
///
/// let inspection = inspect("AgE=");
/// assert!(inspection.is_v2());
/// assert_eq!(inspection.shape, Err(ShapeError::TooShort { found: 2 }));
/// ```
pub fn inspect(text: &str) -> Inspection {
    match encoding::decode(text) {
        Ok(bytes) => Inspection {
            version: bytes.first().copied(),
            shape: Envelope::from_bytes(bytes).map(|envelope| envelope.algorithm),
        },
        Err(_) => Inspection {
            version: None,
            shape: Err(ShapeError::Base64),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_taken_by_those_who_ask_for_them() {
        let mut bytes = vec![0; MIN_BYTES];
        (bytes[0], bytes[1]) = (2, 2);
        assert_eq!(
            Envelope::from_bytes(bytes.clone()),
            Err(ShapeError::Algorithm { found: 2 })
        );
        let envelope = Envelope::from_bytes_accepting(bytes, &[Algorithm::ChaCha20Poly1305]).unwrap();
        assert_eq!(envelope.algorithm(), Algorithm::ChaCha20Poly1305);
        assert_eq!(envelope.sealed().len(), TAG);
    }
}
