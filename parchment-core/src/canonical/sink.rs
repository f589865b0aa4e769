//! Where canonical text goes.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::nonce::Digest;

/// Takes canonical text piece by piece.
pub trait Sink {
    /// Takes the next piece.
    fn put(&mut self, piece: &str);
}

impl Sink for String {
    fn put(&mut self, piece: &str) {
        self.push_str(piece);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, piece: &str) {
        self.extend_from_slice(piece.as_bytes());
    }
}

/// Hashes canonical text with SHA-256 as it comes, without keeping it.
pub struct HashSink {
    hasher: Sha256,
    // Pieces are mostly a few bytes; the hasher is faster when fed many at once.
    pending: [u8; 512],
    filled: usize,
}

impl HashSink {
    /// A sink that has seen nothing yet.
    pub fn new() -> Self {
        Self {
            hasher: Sha256::new(),
            pending: [0; 512],
            filled: 0,
        }
    }

    /// The digest of all that was put in.
    pub fn finish(mut self) -> Digest {
        self.flush();
        Digest(self.hasher.finalize().into())
    }

    fn flush(&mut self) {
        self.hasher.update(self.pending.get(..self.filled).unwrap_or_default());
        self.filled = 0;
    }
}

impl Sink for HashSink {
    #[inline]
    fn put(&mut self, piece: &str) {
        if self.filled + piece.len() > self.pending.len() {
            self.flush();
        }
        match self.pending.get_mut(self.filled..self.filled + piece.len()) {
            Some(free) => {
                free.copy_from_slice(piece.as_bytes());
                self.filled += piece.len();
            }
            None => self.hasher.update(piece.as_bytes()),
        }
    }
}

impl Default for HashSink {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HashSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashSink")
    }
}
