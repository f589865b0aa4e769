//! Statement 2: without key or signature nothing verifies.

use parchment_core::{
    canonical::{self, Object},
    encoding,
    envelope::Kind,
    keys::{Signature, VerifyingKey},
    manifest::{Manifest, UserDocument},
    request::header,
};
use serde_json::{Value, json};

use super::world::{handle, server};
use crate::sample::{Receiver, Request, message, request, vouched};

/// Everything that is not a signature or a key: absent (none), empty, of another type, of another length.
fn not_binary() -> Vec<Option<Value>> {
    let mut values = vec![
        None,
        Some(Value::Null),
        Some(json!(false)),
        Some(json!(true)),
        Some(json!(0)),
        Some(json!([])),
        Some(json!({})),
        Some(json!([1, 2])),
    ];
    for text in ["", " ", "null", "undefined", "none", "=", "====", "AA==", "!"] {
        values.push(Some(json!(text)));
    }
    for length in [1, 31, 33, 63, 65, 128] {
        values.push(Some(json!(encoding::encode(&vec![7; length]))));
    }
    values
}

/// The text of an object with one member set or taken away.
fn with(object: &Value, member: &str, value: Option<Value>) -> String {
    let mut object = object.clone();
    match value {
        Some(value) => object[member] = value,
        None => drop(object.as_object_mut().unwrap().remove(member)),
    }
    object.to_string()
}

#[test]
fn s02_a_message_without_a_signature_is_refused() {
    let receiver = Receiver::new();
    let good = request(&message(Kind::FriendInvite, Object::new()));
    let body: Value = serde_json::from_slice(&good.body).unwrap();
    let zeros = Some(json!(encoding::encode(&[0; 64])));
    for value in not_binary().into_iter().chain([zeros]) {
        let text = with(&body, "signature", value);
        // Her server vouches for it, so that nothing else is wrong.
        let hash = canonical::digest(&canonical::parse(text.as_bytes()).unwrap());
        assert!(receiver.receive(&vouched(&text, hash)).is_err(), "{text}");
    }
    assert!(receiver.receive(&good).is_ok());
}

#[test]
fn s02_a_request_without_a_server_signature_is_refused() {
    let receiver = Receiver::new();
    let good = request(&message(Kind::FriendInvite, Object::new()));
    let replaced = |value: Option<Vec<u8>>| {
        let mut headers = good.headers.clone();
        headers.retain(|(name, _)| *name != header::SIGNATURE);
        headers.extend(value.map(|value| (header::SIGNATURE, value)));
        Request {
            headers,
            body: good.body.clone(),
        }
    };
    for value in not_binary() {
        let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let request = replaced(text.clone().map(String::into_bytes));
        assert!(receiver.receive(&request).is_err(), "{text:?}");
    }
    for bytes in [&b"\xff\xfe"[..], &[0; 64], &[b'A'; 88]] {
        assert!(receiver.receive(&replaced(Some(bytes.to_vec()))).is_err());
    }
    let zeros = encoding::encode(&[0; 64]);
    assert!(receiver.receive(&replaced(Some(zeros.into_bytes()))).is_err());
}

#[test]
fn s02_a_document_without_a_usable_key_is_no_document() {
    let key = VerifyingKey::from_base64("iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=").unwrap();
    let manifest = json!({ "server_id": "a.example", "public_key": key.to_base64(), "protocol_versions": [2] });
    let user = json!({
        "handle": "alice@a.example", "signingKey": key.to_base64(), "inbox": "https://a.example/federation/inbox",
    });
    let (asked, alice) = (server("a.example"), handle("alice@a.example"));
    assert!(Manifest::read(manifest.to_string().as_bytes(), &asked).is_ok());
    assert!(UserDocument::read(user.to_string().as_bytes(), &alice, true).is_ok());
    let weak = Some(json!(encoding::encode(&[0; 32])));
    for value in not_binary().into_iter().chain([weak]) {
        let text = with(&manifest, "public_key", value.clone());
        assert!(Manifest::read(text.as_bytes(), &asked).is_err(), "{text}");
        let text = with(&user, "signingKey", value);
        assert!(UserDocument::read(text.as_bytes(), &alice, true).is_err(), "{text}");
    }
}

#[test]
fn s02_no_trivial_signature_verifies_under_any_key() {
    let texts: [&[u8]; 3] = [b"", b"{}", b"text"];
    let seeds = (0..32).map(|seed| parchment_core::keys::SigningKey::from_seed(&[seed; 32]).verifying_key());
    for key in seeds {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let signature = Signature::from_bytes([byte; 64]);
            assert!(texts.iter().all(|text| key.verify(text, &signature).is_err()));
        }
    }
}
