//! Statement 6: a version 2 message is not taken for a legacy one.

use parchment_core::{
    canonical::{self, Object},
    envelope::Kind,
};
use serde_json::{Map, Value, json};

use crate::sample::{Receiver, message, request, vouched};

#[test]
fn s06_a_version_2_message_without_its_version_is_refused_however_it_is_trimmed() {
    let receiver = Receiver::new();
    for kind in [
        Kind::FriendInvite,
        Kind::FriendAccept,
        Kind::FriendReject,
        Kind::RelationshipRevoke,
    ] {
        let good = request(&message(kind, Object::new()));
        assert!(receiver.receive(&good).is_ok());
        let body: Map<String, Value> = serde_json::from_slice(&good.body).unwrap();
        // The version is taken away or is another; the rest is made to look like a legacy message in all ways there are.
        for version in [
            None,
            Some(json!(1)),
            Some(json!(0)),
            Some(json!(null)),
            Some(json!("2")),
            Some(json!(1.5)),
        ] {
            for choice in 0..16 {
                let mut body = body.clone();
                body.remove("protocol_version");
                body.extend(version.clone().map(|version| ("protocol_version".to_owned(), version)));
                for (bit, name) in ["nonce", "message_version", "payload"].into_iter().enumerate() {
                    if choice & (1 << bit) != 0 {
                        body.remove(name);
                    }
                }
                if choice & 8 != 0 {
                    let kind = body.remove("message_type").unwrap();
                    body.insert("type".to_owned(), kind);
                }
                let text = json!(body).to_string();
                let hash = canonical::digest(&canonical::parse(text.as_bytes()).unwrap());
                // Her server vouches for the trimmed body.
                assert!(receiver.receive(&vouched(&text, hash)).is_err(), "{text}");
            }
        }
    }
}

#[test]
fn s06_only_friend_messages_exist_in_the_legacy_form() {
    let receiver = Receiver::new();
    for &kind in Kind::ALL {
        for member in ["type", "message_type"] {
            let mut signed = Object::new();
            for (name, value) in [
                ("from", "alice@a.example"),
                ("to", "bob@b.example"),
                ("timestamp", crate::sample::now().as_str()),
            ] {
                signed.insert(name, value);
            }
            let members = canonical::Value::Object(signed);
            let text = parchment_core::envelope::legacy::signed_text(kind.as_str(), &members);
            let mut body: Value = serde_json::from_str(&canonical::to_string(&members)).unwrap();
            body["signature"] = crate::sample::alice_key().sign(&text).to_base64().into();
            body[member] = kind.as_str().into();
            let text = body.to_string();
            let hash = canonical::digest(&canonical::parse(text.as_bytes()).unwrap());
            let is_friendly = matches!(kind, Kind::FriendInvite | Kind::FriendAccept | Kind::FriendReject);
            assert_eq!(receiver.receive(&vouched(&text, hash)).is_ok(), is_friendly, "{text}");
        }
    }
}

#[test]
fn s06_a_message_signed_in_the_legacy_form_may_not_carry_what_belongs_to_version_2() {
    let receiver = Receiver::new();
    let mut signed = json!({
        "from": "alice@a.example", "to": "bob@b.example", "timestamp": crate::sample::now().as_str(),
    });
    let members = canonical::parse(signed.to_string().as_bytes()).unwrap();
    let text = parchment_core::envelope::legacy::signed_text("FRIEND_INVITE", &members);
    signed["signature"] = crate::sample::alice_key().sign(&text).to_base64().into();
    signed["message_type"] = "FRIEND_INVITE".into();
    let believed = |body: &Value| {
        let text = body.to_string();
        let hash = canonical::digest(&canonical::parse(text.as_bytes()).unwrap());
        receiver.receive(&vouched(&text, hash)).is_ok()
    };
    assert!(believed(&signed));
    // None of these is covered by the signature, so each would be whatever the carrier likes.
    for (name, value) in [
        ("nonce", json!("AwMDAwMDAwMDAwMDAwMDAw==")),
        ("message_version", json!(1)),
        ("protocol_version", json!(2)),
        ("type", json!("FRIEND_INVITE")),
        ("type", json!("FRIEND_REJECT")),
    ] {
        let mut body = signed.clone();
        body[name] = value;
        assert!(!believed(&body), "{body}");
    }
}
