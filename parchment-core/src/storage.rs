//! What storage traits have in common.

use crate::refusal::{Code, Refusal};

/// The storage failed; nothing was changed.
///
/// Absence is never an error: it is a value of the method that was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the storage failed: {0}")]
pub struct StorageError(pub String);

impl From<StorageError> for Refusal {
    /// The cause stays inside: it is for the log of whoever made the error.
    fn from(_: StorageError) -> Self {
        Self::new(Code::Unavailable, "The storage is unavailable; nothing was recorded.")
    }
}
