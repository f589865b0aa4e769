//! Statement 4: nothing outside the signed surface changes what a message does.

use parchment_core::{
    canonical::{self, Object},
    envelope::{Kind, UserMessage},
    nonce::Digest,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    cases,
    sample::{Receiver, message, request, vouched},
};

/// Payload members that some handler reads, with values that would change what it does.
const PAYLOAD: [(&str, &str); 5] = [
    ("encryptedLocation", "RVZJTA=="),
    ("nonce", "2026-04-20T12:00:01Z"),
    ("resourceType", "collection"),
    ("role", "editor"),
    ("eventType", "evil"),
];

fn original(kind: Kind, payload: Value) -> Map<String, Value> {
    let payload = canonical::parse(payload.to_string().as_bytes()).unwrap();
    let payload: Object = payload.as_object().unwrap().clone();
    serde_json::from_slice(&request(&message(kind, payload)).body).unwrap()
}

fn originals() -> Vec<Map<String, Value>> {
    vec![
        original(Kind::FriendInvite, json!({})),
        original(
            Kind::LocationUpdate,
            json!({ "encryptedLocation": "QUJD", "nonce": "2026-04-20T12:00:00Z" }),
        ),
        original(
            Kind::ResourceShare,
            json!({
                "resourceType": "route", "resourceId": "1", "encryptedData": "QQ==", "nonce": "QQ==", "role": "viewer",
            }),
        ),
    ]
}

/// What a handler is given, when the sender's own server vouches for a body.
fn believed(receiver: &Receiver, body: &str) -> Option<UserMessage> {
    let value = canonical::parse(body.as_bytes());
    let hash = value.map_or_else(|_| Digest::of(body.as_bytes()), |value| canonical::digest(&value));
    receiver.receive(&vouched(body, hash)).ok()
}

#[test]
fn s04_nothing_outside_the_payload_stands_in_for_what_it_lacks() {
    let receiver = Receiver::new();
    for original in originals() {
        for (name, value) in PAYLOAD {
            // Beside the payload, and in the place of a member that was taken out of it.
            let mut beside = original.clone();
            if name != "nonce" {
                beside.insert(name.to_owned(), json!(value));
                assert!(
                    believed(&receiver, &json!(beside).to_string()).is_none(),
                    "{name} beside"
                );
            }
            let Some(payload) = beside["payload"].as_object_mut() else {
                continue;
            };
            if payload.remove(name).is_some() {
                assert!(
                    believed(&receiver, &json!(beside).to_string()).is_none(),
                    "{name} moved"
                );
            }
        }
        let mut without = original.clone();
        let payload = without.remove("payload").unwrap();
        without.extend(payload.as_object().unwrap().clone());
        let same_effect = payload == json!({});
        assert_eq!(believed(&receiver, &json!(without).to_string()).is_some(), same_effect);
    }
}

#[derive(Debug, Clone)]
enum Alteration {
    Add(String, Value),
    Remove(usize),
    Rename(usize, String),
    IntoPayload(usize),
    OutOfPayload(usize),
    Duplicate(usize, Value),
}

fn alteration() -> impl Strategy<Value = Alteration> {
    let name = prop_oneof![
        "[a-z_]{0,8}",
        prop::sample::select(vec![
            "from",
            "to",
            "type",
            "message_type",
            "nonce",
            "payload",
            "signature",
            "timestamp",
            "protocol_version",
            "message_version",
            "encryptedLocation",
            "role",
            "From",
            "__proto__",
            "constructor",
        ])
        .prop_map(str::to_owned),
    ];
    let value = prop::sample::select(vec![
        json!(null),
        json!(1),
        json!(2),
        json!(true),
        json!(""),
        json!("FRIEND_INVITE"),
        json!("RELATIONSHIP_REVOKE"),
        json!("eve@a.example"),
        json!("bob@b.example"),
        json!("2026-04-20T12:00:00.000Z"),
        json!({}),
        json!({ "role": "editor" }),
        json!([]),
    ]);
    let at = any::<usize>();
    prop_oneof![
        (name.clone(), value.clone()).prop_map(|(name, value)| Alteration::Add(name, value)),
        at.prop_map(Alteration::Remove),
        (any::<usize>(), name).prop_map(|(at, name)| Alteration::Rename(at, name)),
        any::<usize>().prop_map(Alteration::IntoPayload),
        any::<usize>().prop_map(Alteration::OutOfPayload),
        (any::<usize>(), value).prop_map(|(at, value)| Alteration::Duplicate(at, value)),
    ]
}

/// Alters a body; duplicates are kept as text, for no map holds them.
fn alter(mut body: Map<String, Value>, alterations: &[Alteration]) -> String {
    let mut doubles = String::new();
    let pick = |members: &Map<String, Value>, at: usize| members.keys().nth(at % members.len().max(1)).cloned();
    for alteration in alterations {
        match alteration {
            Alteration::Add(name, value) => drop(body.insert(name.clone(), value.clone())),
            Alteration::Remove(at) => drop(pick(&body, *at).and_then(|name| body.remove(&name))),
            Alteration::Rename(at, new) => {
                if let Some(value) = pick(&body, *at).and_then(|name| body.remove(&name)) {
                    body.insert(new.clone(), value);
                }
            }
            Alteration::IntoPayload(at) => {
                if let Some(name) = pick(&body, *at).filter(|name| name != "payload")
                    && let Some(value) = body.remove(&name)
                    && let Some(payload) = body.get_mut("payload").and_then(Value::as_object_mut)
                {
                    payload.insert(name, value);
                }
            }
            Alteration::OutOfPayload(at) => {
                let payload = body.get_mut("payload").and_then(Value::as_object_mut);
                let moved = payload.and_then(|payload| {
                    let name = pick(payload, *at)?;
                    payload.remove(&name).map(|value| (name, value))
                });
                body.extend(moved);
            }
            Alteration::Duplicate(at, value) => {
                if let Some(name) = pick(&body, *at) {
                    doubles += &format!(",{}:{value}", json!(name));
                }
            }
        }
    }
    let text = json!(body).to_string();
    if text == "{}" {
        return text;
    }
    format!("{}{doubles}}}", text.strip_suffix('}').unwrap())
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn s04_added_doubled_renamed_and_moved_members_change_nothing_or_are_refused(
        which in 0..3_usize,
        alterations in prop::collection::vec(alteration(), 1..4),
    ) {
        let receiver = Receiver::new();
        let original = originals().swap_remove(which);
        let meant = believed(&receiver, &json!(original).to_string()).expect("the original is believed");
        let altered = alter(original, &alterations);
        if let Some(message) = believed(&receiver, &altered) {
            prop_assert_eq!(message, meant, "{}", altered);
        }
    }
}
