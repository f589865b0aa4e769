//! What was sealed.

use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::OpenError;

/// The content of an envelope, known to be what was sealed. Wiped when dropped, and never printed.
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, whole: a byte order mark at its start is part of it (rule 17.17).
    ///
    /// # Errors
    ///
    /// [`OpenError::NotText`] for what is not UTF-8.
    pub fn as_str(&self) -> Result<&str, OpenError> {
        std::str::from_utf8(&self.0).map_err(|_| OpenError::NotText)
    }
}

impl ZeroizeOnDrop for Plaintext {}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(secret)")
    }
}
