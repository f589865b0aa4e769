//! What can be wrong with sealing, with an envelope, and with opening it.

/// A field of the associated data is longer than its length can say: 65,535 bytes. The fault is with the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The {field} is longer than 65535 bytes and cannot be bound to a sealed record.")]
pub struct FieldTooLong {
    /// Which of the four.
    pub field: &'static str,
}

/// Why something cannot be sealed. The fault is with the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A field of the associated data is too long.
    #[error(transparent)]
    FieldTooLong(#[from] FieldTooLong),
    /// The plaintext is longer than the algorithm can seal under one nonce.
    #[error("The record is too long to be sealed in one piece.")]
    PlaintextTooLong,
}

/// Why a text or bytes are no envelope. The fault is with whoever wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// Not strict base64 (rule 17.4).
    #[error("The sealed record is not standard base64 with padding.")]
    Base64,
    /// Fewer bytes than header, nonce and tag have.
    #[error("The sealed record has {found} bytes, and the shortest possible has 30.")]
    TooShort {
        /// How many there are.
        found: usize,
    },
    /// The first byte is not 2.
    #[error("The sealed record is of version {found}, and only version 2 is known.")]
    Version {
        /// The first byte.
        found: u8,
    },
    /// The second byte names no algorithm that is taken here.
    #[error("The sealed record names algorithm {found}, which is not taken here.")]
    Algorithm {
        /// The second byte.
        found: u8,
    },
}

impl ShapeError {
    /// The reason in one word: `bad_base64`, `too_short`, `bad_version` or `bad_algo`. It never changes.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Base64 => "bad_base64",
            Self::TooShort { .. } => "too_short",
            Self::Version { .. } => "bad_version",
            Self::Algorithm { .. } => "bad_algo",
        }
    }
}

/// Why an envelope was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// What was given is no envelope; its author is at fault.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A field of the associated data is too long, so nothing was ever sealed under it.
    #[error(transparent)]
    FieldTooLong(#[from] FieldTooLong),
    /// The tag does not fit: another key, another place, or changed bytes. Whoever stores or sends it is at fault, or
    /// the caller has the wrong key; cryptography cannot tell which.
    #[error("The record was sealed under another key or for another place, or was changed since.")]
    Unauthentic,
    /// The plaintext is not UTF-8 where a text is expected (rule 17.17); its author is at fault.
    #[error("The opened record is not UTF-8 text.")]
    NotText,
}
