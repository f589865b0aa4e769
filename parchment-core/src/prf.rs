//! What a passkey gives for recovery: its PRF output (protocol section 10).
//!
//! The WebAuthn `prf` extension lets a passkey turn an input into 32 bytes that only it can make. The input is the
//! same for all users; the output becomes the key of a recovery slot ([`crate::slot`]).
//!
//! | What | From | Info of HKDF-SHA-256 | Bytes |
//! |---|---|---|---|
//! | input, [`SALT`] | ASCII `parchment` | `parchment-prf-salt-v2` | 32 |
//! | [`PrfWrapKey`] | the output, at least 16 bytes | `parchment-prf-wrap-v1` | 32 |
//!
//! ```
//! use parchment_core::prf::{self, PrfOutput};
//!
//! // In the options of registration and sign-in: extensions.prf.eval.first
//! assert_eq!(prf::salt_for_webauthn(), "MeCGtrfvVLrwofC6pnJ60BGjMbNpBl-cDomzyalFoHY");
//!
//! let returned = "aAgcuo73u7OA78wvYiji0C1o5dWuQHmblwW5ECUVONY";
//! let key = PrfOutput::from_text(returned)?.wrap_key()?;
//! assert_eq!(format!("{key:?}"), "PrfWrapKey(secret)");
//! # Ok::<(), prf::PrfError>(())
//! ```

use base64ct::{Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroizing;

use crate::{
    derive::PrfWrapKey,
    encoding::{self, Base64Error},
    secret::secret_traits,
};

/// The input of every passkey's PRF, `prf.eval.first`.
pub const SALT: [u8; 32] = [
    0x31, 0xe0, 0x86, 0xb6, 0xb7, 0xef, 0x54, 0xba, 0xf0, 0xa1, 0xf0, 0xba, 0xa6, 0x72, 0x7a, 0xd0, 0x11, 0xa3, 0x31,
    0xb3, 0x69, 0x06, 0x5f, 0x9c, 0x0e, 0x89, 0xb3, 0xc9, 0xa9, 0x45, 0xa0, 0x76,
];

/// The fewest bytes of output that a key is made of.
pub const MIN_OUTPUT_BYTES: usize = 16;

/// Why a PRF output is of no use. The fault is with the passkey, or the browser that passed its answer on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrfError {
    /// The passkey gave nothing: it cannot do this, or was not asked.
    #[error("The passkey gave no PRF output. Sign in with it once more, or use another way of recovery.")]
    Missing,
    /// The text is neither base64url nor base64.
    #[error("The PRF output of the passkey is not base64url.")]
    Malformed,
    /// The output is shorter than 16 bytes.
    #[error("The PRF output of the passkey has {found} bytes, and a key needs at least 16.")]
    TooShort {
        /// How many it has.
        found: usize,
    },
}

/// [`SALT`] in base64url without padding, as it stands in the JSON of WebAuthn options.
pub fn salt_for_webauthn() -> String {
    Base64UrlUnpadded::encode_string(&SALT)
}

/// What a passkey's PRF made of the salt: normally 32 bytes. It opens the recovery slot, so it never leaves the client.
pub struct PrfOutput(Zeroizing<Vec<u8>>);

secret_traits!(PrfOutput);

impl PrfOutput {
    /// The output as bytes, as a browser's `ArrayBuffer` holds them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads an output from the JSON of a sign-in: base64url or base64, with or without padding.
    ///
    /// # Errors
    ///
    /// [`PrfError::Missing`] for an empty text, [`PrfError::Malformed`] for one that is no base64 (rule 17.4: partial
    /// padding and loose trailing bits are none).
    pub fn from_text(text: &str) -> Result<Self, PrfError> {
        if text.is_empty() {
            return Err(PrfError::Missing);
        }
        // Room for all of it at once: a text that grows leaves copies behind.
        let mut padded = Zeroizing::new(String::with_capacity(text.len() + 2));
        padded.extend(text.chars().map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        }));
        if !padded.ends_with('=') {
            // A group of four characters that lacks one or two.
            let missing = padded.len().wrapping_neg() % 4;
            padded.push_str(["", "=", "==", ""].get(missing).unwrap_or(&""));
        }
        let bytes = encoding::decode(&padded).map_err(|_: Base64Error| PrfError::Malformed)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The bytes. Whoever has them can open the slot: never log or send them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The key of the passkey's recovery slot.
    ///
    /// # Errors
    ///
    /// [`PrfError::TooShort`] for fewer than [`MIN_OUTPUT_BYTES`].
    pub fn wrap_key(&self) -> Result<PrfWrapKey, PrfError> {
        let found = self.0.len();
        if found < MIN_OUTPUT_BYTES {
            return Err(PrfError::TooShort { found });
        }
        Ok(PrfWrapKey::derive(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::{derive, info};

    #[test]
    fn the_salt_is_the_one_that_is_derived() {
        let mut salt = [0; 32];
        derive(b"parchment", info::PRF_SALT, &mut salt);
        assert_eq!(salt, SALT);
    }

    #[test]
    fn outputs_come_in_both_alphabets_with_or_without_padding() {
        for text in ["-_8", "-/8=", "+/8", "-_8="] {
            assert_eq!(PrfOutput::from_text(text).unwrap().expose(), [0xfb, 0xff], "{text}");
        }
        for text in ["!", "a", "-_9", "-_8==", "-_ 8", "=", "é"] {
            assert!(matches!(PrfOutput::from_text(text), Err(PrfError::Malformed)), "{text}");
        }
        assert!(matches!(PrfOutput::from_text(""), Err(PrfError::Missing)));
    }
}
