//! Statement 8: keys and signatures on the edge. The vectors of others are in `wycheproof`.

use parchment_core::{
    canonical::{self, Object},
    encoding,
    envelope::Kind,
    keys::{AgreementKey, KeyError, Signature, VerifyingKey},
    manifest::{Manifest, UserDocument},
    refusal::Code,
    request::header,
};
use serde_json::json;

use super::world::{handle, server};
use crate::sample::{Receiver, message, request, vouched};

/// y coordinates of points of small order, little-endian in hexadecimal, non-canonical spellings among them.
const SMALL: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

fn weak_keys() -> impl Iterator<Item = [u8; 32]> {
    SMALL.into_iter().flat_map(|text| {
        let plain: [u8; 32] = unhex(text);
        let mut signed = plain;
        signed[31] |= 0x80;
        [plain, signed]
    })
}

#[test]
fn s08_weak_and_non_canonical_keys_cannot_be_registered_pinned_or_resolved() {
    let (asked, alice) = (server("a.example"), handle("alice@a.example"));
    for bytes in weak_keys() {
        let text = encoding::encode(&bytes);
        assert!(VerifyingKey::from_base64(&text).is_err(), "{text}");
        let manifest = json!({ "server_id": "a.example", "public_key": text, "protocol_versions": [2] });
        assert!(
            Manifest::read(manifest.to_string().as_bytes(), &asked).is_err(),
            "{text}"
        );
        let user = json!({
            "handle": "alice@a.example", "signingKey": text, "inbox": "https://a.example/federation/inbox",
        });
        assert!(
            UserDocument::read(user.to_string().as_bytes(), &alice, true).is_err(),
            "{text}"
        );
    }
    // Every y that is not below p, with both signs: some are other spellings of good points.
    for lowest in 0xed..=0xff {
        for highest in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (lowest, highest);
            assert_eq!(
                VerifyingKey::from_bytes(&bytes),
                Err(KeyError::NotCanonical),
                "{lowest:x}"
            );
        }
    }
    // The sealing key, in which a u coordinate of 0, 1 or beyond p would give everybody the same secret.
    let mut beyond = [0xff; 32];
    beyond[31] = 0x7f;
    let mut one = [0; 32];
    one[0] = 1;
    for bytes in [[0; 32], one, beyond, [0xff; 32]] {
        assert!(AgreementKey::from_base64(&encoding::encode(&bytes)).is_err());
    }
}

/// The same signature with L added to S, which verifiers that do not look take for another.
fn malleated(signature: &Signature) -> Signature {
    let order: [u8; 32] = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut bytes = *signature.as_bytes();
    let mut carry = 0;
    for (byte, addend) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(addend) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    Signature::from_bytes(bytes)
}

#[test]
fn s08_a_malleated_signature_gives_a_message_no_second_life() {
    let receiver = Receiver::new();
    let good = message(Kind::FriendInvite, Object::new());
    let v2 = request(&good);
    let mut legacy = json!({
        "from": "alice@a.example", "to": "bob@b.example", "timestamp": crate::sample::now().as_str(),
    });
    let text = parchment_core::envelope::legacy::signed_text(
        "FRIEND_INVITE",
        &canonical::parse(legacy.to_string().as_bytes()).unwrap(),
    );
    // A legacy message is remembered by its signature: a second valid spelling would be a second message.
    let signature = crate::sample::alice_key().sign(&text);
    legacy["type"] = "FRIEND_INVITE".into();

    for (signature, body) in [
        (*good.signature(), serde_json::from_slice(&v2.body).unwrap()),
        (signature, legacy),
    ] {
        for (signature, is_good) in [(signature, true), (malleated(&signature), false)] {
            let mut body = body.clone();
            body["signature"] = signature.to_base64().into();
            let text = body.to_string();
            let hash = canonical::digest(&canonical::parse(text.as_bytes()).unwrap());
            let believed = receiver.receive(&vouched(&text, hash));
            assert_eq!(believed.is_ok(), is_good, "{text}");
            if let Err(refusal) = believed {
                assert_eq!(refusal.code(), Code::InvalidSignature);
            }
        }
    }

    // The server's signature likewise, under the same transport nonce.
    let mut changed = v2.clone();
    let (_, value) = changed
        .headers
        .iter_mut()
        .find(|(name, _)| *name == header::SIGNATURE)
        .unwrap();
    let signature = Signature::from_base64(std::str::from_utf8(value).unwrap()).unwrap();
    *value = malleated(&signature).to_base64().into_bytes();
    assert_eq!(
        receiver.receive(&changed).unwrap_err().code(),
        Code::InvalidServerSignature
    );
}

#[test]
fn s08_a_signature_has_one_spelling() {
    let receiver = Receiver::new();
    let good = request(&message(Kind::FriendInvite, Object::new()));
    let at = good
        .headers
        .iter()
        .position(|(name, _)| *name == header::SIGNATURE)
        .unwrap();
    let text = String::from_utf8(good.headers[at].1.clone()).unwrap();
    assert!(text.ends_with("=="));
    let trimmed = text.trim_end_matches('=');
    // The last character before the padding carries four bits that say nothing.
    let (rest, last) = trimmed.split_at(trimmed.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    let url_safe = text.replace('+', "-").replace('/', "_");
    let mut spellings = vec![
        trimmed.to_owned(),
        format!("{trimmed}="),
        format!("{text}="),
        format!(" {text}"),
        format!("{text}\n"),
        format!("{rest}{next}=="),
        format!("{text}{text}"),
    ];
    spellings.extend((url_safe != text).then_some(url_safe));
    for spelling in spellings {
        let mut changed = good.clone();
        changed.headers[at].1 = spelling.clone().into_bytes();
        assert!(receiver.receive(&changed).is_err(), "{spelling:?}");
    }
}
