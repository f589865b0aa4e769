//! Safety numbers: what two people compare to know that nobody stands between them (protocol section 12).
//!
//! Twelve digits follow from both identity keys: the keys' bytes, the smaller first, through HKDF-SHA-256 with the info
//! `parchment-safety-v1`; eight bytes of it as a big-endian number, modulo 10^12. Both see the same digits whoever
//! looks, and other digits when either has been given another key for the other.
//!
//! Twelve digits are about 40 bits: enough for people who compare them aloud, since finding a key that matches takes
//! 2^40 keys *for this pair*. They are shown, never compared by the program for itself.
//!
//! ```
//! use parchment_core::{keys::SigningKey, safety::SafetyNumber};
//!
//! let alice = SigningKey::from_seed(&[1; 32]).verifying_key();
//! let bob = SigningKey::from_seed(&[2; 32]).verifying_key();
//! let number = SafetyNumber::between(&alice, &bob);
//! assert_eq!(number, SafetyNumber::between(&bob, &alice));
//! assert_eq!(number.to_string().len(), "123 456 789 012".len());
//! ```

use std::fmt;

use crate::{
    derive::{derive, info},
    keys::VerifyingKey,
};

/// The twelve digits of two identity keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SafetyNumber(u64);

impl SafetyNumber {
    /// The number of two users' identity keys; their order does not matter.
    pub fn between(one: &VerifyingKey, other: &VerifyingKey) -> Self {
        Self::of_bytes(one.as_bytes(), other.as_bytes())
    }

    /// The number of two keys as 32 bytes each, whether or not they are keys that this crate would take.
    pub fn of_bytes(one: &[u8; 32], other: &[u8; 32]) -> Self {
        let (first, second) = (one.min(other), one.max(other));
        let mut bytes = [0; 8];
        derive(&[*first, *second].concat(), info::SAFETY, &mut bytes);
        Self(u64::from_be_bytes(bytes) % 1_000_000_000_000)
    }

    /// The digits without spaces.
    pub fn digits(self) -> String {
        format!("{:012}", self.0)
    }
}

impl fmt::Display for SafetyNumber {
    /// Writes four groups of three digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |thousands: u32| self.0 / 1000_u64.pow(thousands) % 1000;
        write!(f, "{:03} {:03} {:03} {:03}", group(3), group(2), group(1), group(0))
    }
}
