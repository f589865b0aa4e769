//! The six digits that a person carries from one device to the other.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::{SessionId, TransferError};
use crate::{
    derive::{derive, info},
    keys::EphemeralKey,
};

/// Six digits, the short authentication string of a transfer: shown by the old device, typed into the new one.
///
/// They are compared in constant time and not printed by `Debug`.
#[derive(Clone)]
pub struct TransferCode(u32);

impl TransferCode {
    /// The code of both devices' one-time keys and their session; the order of the keys does not matter.
    ///
    /// This is for the old device, which shows it. [`AwaitingCode`](super::AwaitingCode) works it out for the new one
    /// and keeps it to itself.
    pub fn of(one: &EphemeralKey, other: &EphemeralKey, session: &SessionId) -> Self {
        let (one, other) = (one.as_bytes(), other.as_bytes());
        let material = [&one.min(other)[..], one.max(other), session.as_str().as_bytes()].concat();
        let mut bytes = [0; 4];
        derive(&material, info::SAS, &mut bytes);
        Self(u32::from_be_bytes(bytes) % 1_000_000)
    }

    /// Reads what a person typed: six digits, with any spaces and hyphens between and around them.
    ///
    /// # Errors
    ///
    /// [`TransferError::NotACode`] for anything else; let the person type again.
    pub fn parse(typed: &str) -> Result<Self, TransferError> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_code);
        number.map(Self).ok_or(TransferError::NotACode)
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for TransferCode {
    /// Writes six digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl fmt::Debug for TransferCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransferCode(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        for typed in ["001826", " 001 826 ", "001-826", "0 0 1 8 2 6"] {
            assert_eq!(TransferCode::parse(typed).unwrap().to_string(), "001826", "{typed}");
        }
        for typed in ["", "1826", "0018260", "00182x", "+01826", "٠٠١٨٢٦"] {
            assert!(
                matches!(TransferCode::parse(typed), Err(TransferError::NotACode)),
                "{typed}"
            );
        }
    }
}
