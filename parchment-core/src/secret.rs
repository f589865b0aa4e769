//! Bytes that are kept to themselves: on the heap, wiped when dropped, compared in constant time.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Thirty-two secret bytes.
///
/// They are boxed because moving an array leaves a copy of it behind, which nobody wipes.
pub(crate) struct Secret32(Box<Zeroizing<[u8; 32]>>);

impl Secret32 {
    /// A copy of these bytes.
    pub(crate) fn copy_of(bytes: &[u8; 32]) -> Self {
        Self::filled(|secret| secret.copy_from_slice(bytes))
    }

    /// Bytes that are written where they stay.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut secret = Self(Box::default());
        fill(&mut secret.0);
        secret
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Secret32 {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl Eq for Secret32 {}

impl Zeroize for Secret32 {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Secret32 {}

impl fmt::Debug for Secret32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secret")
    }
}

/// Defines a type of thirty-two secret bytes that cannot be passed for another.
///
/// It prints its name and nothing else, is wiped when dropped, compares in constant time, and cannot be cloned.
macro_rules! secret_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(PartialEq, Eq)]
        pub struct $name(crate::secret::Secret32);

        impl $name {
            /// The 32 bytes, for a key store that must hold them. Whoever has them has the key: never log or send them.
            pub fn expose(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        crate::secret::secret_traits!($name);
    };
}

/// `Debug` without content, and the promise to be wiped that the fields keep.
macro_rules! secret_traits {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }

        impl zeroize::ZeroizeOnDrop for $name {}
    };
}

pub(crate) use {secret_traits, secret_type};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiping_leaves_zeros_and_printing_leaves_nothing() {
        let mut secret = Secret32::copy_of(&[7; 32]);
        assert_eq!(format!("{secret:?}"), "secret");
        assert_ne!(secret, Secret32::copy_of(&[0; 32]));
        secret.zeroize();
        assert_eq!(secret.as_bytes(), &[0; 32]);
    }
}
