//! Members added, renamed, moved or doubled change nothing that is believed, or the request is refused.
//!
//! The sender's own server vouches for each altered body here: what holds against it, holds
//! against everyone.

use parchment_core::{
    canonical,
    envelope::{Kind, UserMessage},
    keys::SigningKey,
    nonce::Digest,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    cases,
    sample::{Receiver, alice_key, message, request, vouched},
};

/// Every member that means something at the top of a body or in some payload, and some that do not.
const NAMES: [&str; 18] = [
    "from",
    "to",
    "timestamp",
    "signature",
    "protocol_version",
    "message_version",
    "message_type",
    "type",
    "nonce",
    "payload",
    "encryptedLocation",
    "role",
    "resourceId",
    "eventType",
    "recipientAliases",
    "extra",
    "0",
    "",
];

/// Values that somebody may want to slip in.
fn values() -> Vec<Value> {
    let mallory = "mallory@a.example";
    vec![
        json!(null),
        json!(1),
        json!(2),
        json!("FRIEND_INVITE"),
        json!("RELATIONSHIP_REVOKE"),
        json!(mallory),
        json!({}),
    ]
}

/// Bodies that are believed as they are: both forms, and a payload with members of the same names as the top.
fn originals() -> Vec<Map<String, Value>> {
    let payload = json!({ "encryptedLocation": "QUJD", "nonce": "2026-04-20T11:59:59.500Z", "x": { "to": 1 } });
    let payload = canonical::parse(payload.to_string().as_bytes())
        .unwrap()
        .as_object()
        .unwrap()
        .clone();
    let v2 = message(Kind::LocationUpdate, payload);
    let legacy = |member: &str, payload: Option<Value>| {
        let mut body = json!({
            "from": "alice@a.example", "to": "bob@b.example", "timestamp": crate::sample::now().as_str(),
        });
        let mut signed = body.clone();
        let members = signed.as_object_mut().unwrap();
        members.extend(
            payload
                .clone()
                .into_iter()
                .flat_map(|payload| payload.as_object().unwrap().clone()),
        );
        body["signature"] = sign_legacy("FRIEND_INVITE", &signed, &alice_key()).into();
        body[member] = "FRIEND_INVITE".into();
        body.as_object_mut()
            .unwrap()
            .extend(payload.map(|payload| ("payload".to_owned(), payload)));
        body.as_object().unwrap().clone()
    };
    vec![
        serde_json::from_slice(&request(&v2).body).unwrap(),
        legacy("type", None),
        legacy("message_type", Some(json!({ "role": "x" }))),
    ]
}

fn sign_legacy(kind: &str, members: &Value, key: &SigningKey) -> String {
    let members = canonical::parse(members.to_string().as_bytes()).unwrap();
    key.sign(&parchment_core::envelope::legacy::signed_text(kind, &members))
        .to_base64()
}

/// What a message does, apart from how it was spelled.
fn effect(message: &UserMessage) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        message.content().clone(),
        message.from().clone(),
        message.to().clone(),
        message.timestamp().clone(),
        message.payload().clone(),
    )
}

/// Delivers a body for which the sender's server vouches.
fn believed(receiver: &Receiver, body: &str) -> Option<UserMessage> {
    let body_hash =
        canonical::parse(body.as_bytes()).map_or_else(|_| Digest::of(body.as_bytes()), |body| canonical::digest(&body));
    receiver.receive(&vouched(body, body_hash)).ok()
}

/// Refused, or believed to say what the original says.
fn assert_harmless(receiver: &Receiver, original: &Map<String, Value>, altered: &str) {
    let original = believed(receiver, &Value::Object(original.clone()).to_string()).expect("the original is believed");
    if let Some(altered_message) = believed(receiver, altered) {
        assert_eq!(effect(&altered_message), effect(&original), "{altered}");
    }
}

fn text(body: &Map<String, Value>) -> String {
    Value::Object(body.clone()).to_string()
}

#[test]
fn a_member_added_or_replaced_changes_nothing_or_is_refused() {
    let receiver = Receiver::new();
    for original in originals() {
        for (name, value) in NAMES
            .iter()
            .flat_map(|name| values().into_iter().map(move |value| (*name, value)))
        {
            let mut at_top = original.clone();
            at_top.insert(name.to_owned(), value.clone());
            assert_harmless(&receiver, &original, &text(&at_top));

            let mut in_payload = original.clone();
            let payload = in_payload.entry("payload").or_insert_with(|| json!({}));
            payload[name] = value;
            assert_harmless(&receiver, &original, &text(&in_payload));
        }
    }
}

#[test]
fn a_member_removed_or_renamed_changes_nothing_or_is_refused() {
    let receiver = Receiver::new();
    for original in originals() {
        for old in original.keys() {
            let mut removed = original.clone();
            let value = removed.remove(old).unwrap();
            assert_harmless(&receiver, &original, &text(&removed));
            for new in NAMES {
                let mut renamed = removed.clone();
                renamed.insert(new.to_owned(), value.clone());
                assert_harmless(&receiver, &original, &text(&renamed));
            }
        }
    }
}

#[test]
fn a_member_moved_into_the_payload_or_out_of_it_changes_nothing_or_is_refused() {
    let receiver = Receiver::new();
    for original in originals() {
        for keep in [false, true] {
            for name in original.keys() {
                let mut inwards = original.clone();
                let value = if keep {
                    original[name].clone()
                } else {
                    inwards.remove(name).unwrap()
                };
                inwards.entry("payload").or_insert_with(|| json!({}))[name] = value;
                assert_harmless(&receiver, &original, &text(&inwards));
            }
            let payload = original
                .get("payload")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default();
            for (name, value) in payload {
                let mut outwards = original.clone();
                if !keep {
                    outwards["payload"].as_object_mut().unwrap().remove(&name);
                }
                outwards.insert(name, value);
                assert_harmless(&receiver, &original, &text(&outwards));
            }
        }
    }
}

#[test]
fn a_member_given_twice_is_refused_whichever_comes_last() {
    let receiver = Receiver::new();
    for original in originals() {
        let inner = text(&original);
        let inner = inner.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
        for (name, own_value) in &original {
            for value in values().into_iter().chain([own_value.clone()]) {
                let name = json!(name);
                for doubled in [
                    format!("{{{name}:{value},{inner}}}"),
                    format!("{{{inner},{name}:{value}}}"),
                ] {
                    assert!(believed(&receiver, &doubled).is_none(), "{doubled}");
                }
            }
        }
    }
}

/// One alteration: where, under which name, and with which value (none: taken away).
type Alteration = (bool, prop::sample::Index, Option<prop::sample::Index>);

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn several_alterations_at_once_change_nothing_or_are_refused(
        which in any::<prop::sample::Index>(),
        alterations in prop::collection::vec(any::<Alteration>(), 1..4),
    ) {
        let originals = originals();
        let original = which.get(&originals);
        let mut altered = original.clone();
        for (at_top, name, value) in alterations {
            let name = *name.get(&NAMES);
            let members = match altered.get_mut("payload").and_then(Value::as_object_mut) {
                Some(payload) if !at_top => payload,
                _ => &mut altered,
            };
            match value {
                Some(value) => members.insert(name.to_owned(), value.get(&values()).clone()),
                None => members.remove(name),
            };
        }
        assert_harmless(&Receiver::new(), original, &text(&altered));
    }
}
