//! Agreeing on a secret: X25519 (RFC 7748; protocol section 0).
//!
//! A lasting key pair is an [`AgreementSecret`] and the [`AgreementKey`] that is published; a pair for one use is an
//! [`EphemeralSecret`] and the [`EphemeralKey`] that travels with what was sealed. Both ways end in a
//! [`SharedSecret`], which is no key yet: [`crate::derive`] makes keys of it, one for each purpose.

use std::fmt;

use subtle::ConstantTimeEq as _;
use x25519_dalek::{PublicKey, StaticSecret};

use super::{AgreementKey, KeyError};
use crate::{
    encoding::{self, Base64Error},
    secret::{Secret32, secret_type},
};

secret_type! {
    /// The secret half of a user's [`AgreementKey`]: 32 bytes, kept as they are and clamped on use.
    AgreementSecret
}

impl AgreementSecret {
    /// The secret of these 32 bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret32::copy_of(bytes))
    }

    pub(crate) fn from_secret(secret: Secret32) -> Self {
        Self(secret)
    }

    /// The public half.
    pub fn agreement_key(&self) -> AgreementKey {
        // A clamped scalar times the base point is never of small order, and the result is reduced.
        AgreementKey(public_half(&self.0))
    }

    /// Agrees with another user's lasting key; both come to the same secret, every time.
    pub fn agree(&self, theirs: &AgreementKey) -> Result<SharedSecret, KeyError> {
        agree(&self.0, theirs.as_bytes())
    }

    /// Agrees with the one-time key of somebody who sealed something to this user.
    ///
    /// # Errors
    ///
    /// [`KeyError::SmallOrder`] when the key is one that brings every secret to the same result.
    pub fn agree_once(&self, theirs: &EphemeralKey) -> Result<SharedSecret, KeyError> {
        agree(&self.0, theirs.as_bytes())
    }
}

secret_type! {
    /// A secret for one agreement: 32 bytes from a cryptographic random generator.
    ///
    /// Sealing takes it by value, so that none serves twice.
    EphemeralSecret
}

impl EphemeralSecret {
    /// The secret of these 32 bytes; draw them from a cryptographic random generator, anew each time.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret32::copy_of(bytes))
    }

    /// The public half, which travels with what is sealed.
    pub fn ephemeral_key(&self) -> EphemeralKey {
        EphemeralKey(public_half(&self.0))
    }

    /// Agrees with the lasting key of the user something is sealed to.
    pub fn agree(&self, theirs: &AgreementKey) -> Result<SharedSecret, KeyError> {
        agree(&self.0, theirs.as_bytes())
    }

    /// Agrees with another one-time key.
    ///
    /// # Errors
    ///
    /// [`KeyError::SmallOrder`] when the key is one that brings every secret to the same result.
    pub fn agree_once(&self, theirs: &EphemeralKey) -> Result<SharedSecret, KeyError> {
        agree(&self.0, theirs.as_bytes())
    }
}

/// The public half of an [`EphemeralSecret`], as it was received.
///
/// Any 32 bytes will do, as upstream has it: the top bit is ignored and the rest taken modulo 2^255 − 19. The bytes as
/// they came are what is signed. A key of small order is found out when it is used.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EphemeralKey([u8; 32]);

impl EphemeralKey {
    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the strict base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, Base64Error> {
        encoding::decode_array(text).map(Self)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The base64 text as it is sent.
    pub fn to_base64(&self) -> String {
        encoding::encode(&self.0)
    }
}

impl fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EphemeralKey({})", self.to_base64())
    }
}

secret_type! {
    /// What two parties agreed on: the 32 bytes of an X25519 result that is not zero.
    SharedSecret
}

impl SharedSecret {
    /// A result that was computed elsewhere, such as in a hardware key store.
    ///
    /// # Errors
    ///
    /// [`KeyError::SmallOrder`] for 32 zeros, the result of every agreement with a key of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        if bool::from(bytes.ct_eq(&[0; 32])) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(Secret32::copy_of(bytes)))
    }
}

fn public_half(secret: &Secret32) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*secret.as_bytes())).to_bytes()
}

fn agree(secret: &Secret32, theirs: &[u8; 32]) -> Result<SharedSecret, KeyError> {
    let secret = StaticSecret::from(*secret.as_bytes());
    SharedSecret::from_bytes(secret.diffie_hellman(&PublicKey::from(*theirs)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_come_to_the_same_secret() {
        let (alice, bob) = (
            AgreementSecret::from_bytes(&[1; 32]),
            AgreementSecret::from_bytes(&[2; 32]),
        );
        let shared = alice.agree(&bob.agreement_key()).unwrap();
        assert_eq!(shared, bob.agree(&alice.agreement_key()).unwrap());
        let once = EphemeralSecret::from_bytes(&[3; 32]);
        assert_eq!(
            once.agree(&bob.agreement_key()).unwrap(),
            bob.agree_once(&once.ephemeral_key()).unwrap()
        );
    }

    #[test]
    fn a_one_time_key_of_small_order_agrees_with_nobody() {
        let bob = AgreementSecret::from_bytes(&[2; 32]);
        let mut order_1_with_top_bit = [0; 32];
        (order_1_with_top_bit[0], order_1_with_top_bit[31]) = (1, 0x80);
        for bytes in [[0; 32], order_1_with_top_bit] {
            let key = EphemeralKey::from_bytes(bytes);
            assert_eq!(bob.agree_once(&key), Err(KeyError::SmallOrder));
        }
        assert_eq!(SharedSecret::from_bytes(&[0; 32]), Err(KeyError::SmallOrder));
    }
}
