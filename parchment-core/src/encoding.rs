//! Binary values as text: standard base64, read strictly (protocol sections 0, 15 and 17.4).
//!
//! Every key, signature, nonce and digest on the wire is standard-alphabet
//! base64 with padding. Reading is strict: one text per value, so that two
//! spellings of one key can never be mistaken for two keys.

use base64ct::{Base64, Encoding as _};

/// A text that is not the canonical base64 of the expected value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base64Error {
    /// Not standard base64 with padding and zero trailing bits.
    #[error("this is not standard base64 with padding")]
    Malformed,
    /// Base64 of the wrong number of bytes.
    #[error("this is base64 of {found} bytes where {expected} are expected")]
    Length {
        /// How many bytes the value has.
        expected: usize,
        /// How many bytes the text holds.
        found: usize,
    },
}

/// Writes bytes as standard base64 with padding.
pub fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Writes bytes in lower-case hexadecimal, for what people compare and for texts inside one program; on the wire is base64.
///
/// The text has its length from the start: of a secret, no shorter copy stays behind.
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Reads standard base64: the alphabet with `+` and `/`, padded, trailing bits zero, no white space.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    Base64::decode_vec(text).map_err(|_| Base64Error::Malformed)
}

/// Reads standard base64 of exactly `N` bytes.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], Base64Error> {
    // The common case needs no allocation: the text has exactly the length of N bytes.
    let mut bytes = [0_u8; N];
    if text.len() == N.div_ceil(3) * 4
        && let Ok(decoded) = Base64::decode(text, &mut bytes)
        && decoded.len() == N
    {
        return Ok(bytes);
    }
    let decoded = decode(text)?;
    decoded.as_slice().try_into().map_err(|_| Base64Error::Length {
        expected: N,
        found: decoded.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_survives_a_round_trip() {
        for length in 0..200_u8 {
            let bytes: Vec<u8> = (0..length).collect();
            assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn other_spellings_of_a_value_are_refused() {
        for text in [
            "YQ", "YQ=", "YQ===", "YR==", "YW Jj", "YWJj\n", "-_-_", "YQ==YQ==", "====",
        ] {
            assert_eq!(decode(text), Err(Base64Error::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_wrong_length_says_both_lengths() {
        assert_eq!(
            decode_array::<32>("YQ=="),
            Err(Base64Error::Length { expected: 32, found: 1 })
        );
        assert_eq!(
            decode_array::<1>("YWI="),
            Err(Base64Error::Length { expected: 1, found: 2 })
        );
        assert_eq!(decode_array::<1>("YQ=="), Ok([0x61]));
    }
}
