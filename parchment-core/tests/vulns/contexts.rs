//! Statement 7: a signature made for one purpose is worth nothing for another.

use parchment_core::{
    api::well_known::ManifestDocument,
    canonical::{self, Object, Value},
    derive::MasterSeed,
    envelope::{Form, Kind, SignedMessage, UserMessage, legacy},
    keys::{EphemeralSecret, Signature, SigningKey},
    manifest::Manifest,
    nonce::{Digest, Nonce},
    request::{INBOX_METHOD, INBOX_PATH, ServerIdentity, Wrapper},
    seal::SealNonce,
    share::{Binding, FriendShare},
    slot::{Slot, SlotPlace},
    transfer::{Payload, Receiver, SessionId},
};
use proptest::prelude::*;

use super::world::{handle, server};
use crate::{
    cases,
    json::object,
    sample::{now, own},
};

/// The types of the two other things that are signed in the legacy form (protocol sections 10 and 11).
const SLOT: &str = "wrapped-km-slot";
const TRANSFER: &str = "device-transfer";

fn members(pairs: &[(&str, &str)]) -> Value {
    let mut object = Object::new();
    for (name, value) in pairs {
        object.insert(name, *value);
    }
    Value::Object(object)
}

fn v2(payload: Object) -> UserMessage {
    let (from, to) = (handle("alice@a.example"), handle("bob@b.example"));
    UserMessage::new(Kind::FriendInvite, from, to, Nonce::from_bytes([3; 16]), now(), payload).unwrap()
}

/// A legacy message with an unchecked signature.
fn v1(payload: Object, signature: Signature) -> SignedMessage {
    let mut body = members(&[
        ("from", "alice@a.example"),
        ("to", "bob@b.example"),
        ("timestamp", now().as_str()),
        ("type", "FRIEND_INVITE"),
        ("signature", &signature.to_base64()),
    ]);
    if let Value::Object(body) = &mut body {
        body.insert("payload", payload);
    }
    SignedMessage::read(&body).unwrap()
}

/// A purpose: the signature that is made for it, and whether another is taken for it.
struct Purpose {
    name: &'static str,
    signature: Signature,
    verifies: Box<dyn Fn(&Signature) -> bool>,
}

/// A recovery slot, and what it takes to believe it.
fn slot(key: &SigningKey) -> Purpose {
    let place = SlotPlace {
        user_id: "u",
        credential_id: "c",
    };
    let (seed, public) = (MasterSeed::from_bytes(&[1; 32]), key.verifying_key());
    let wrap_key = parchment_core::prf::PrfOutput::from_bytes(&[2; 32]).wrap_key().unwrap();
    let slot = Slot::wrap_signed_by(key, &seed, &wrap_key, place, SealNonce::from_bytes([3; 12])).unwrap();
    Purpose {
        name: "slot",
        signature: Signature::from_base64(&slot.slot_signature).unwrap(),
        verifies: Box::new(move |signature| {
            let mut slot = slot.clone();
            slot.slot_signature = signature.to_base64();
            slot.verify(place, &public).is_ok()
        }),
    }
}

/// An answer to a new device, and the device.
fn transfer(key: &SigningKey) -> Purpose {
    let receiver = || Receiver::new(SessionId::parse("i").unwrap(), EphemeralSecret::from_bytes(&[1; 32]));
    let (once, nonce) = (EphemeralSecret::from_bytes(&[2; 32]), SealNonce::from_bytes([3; 12]));
    let seed = MasterSeed::from_bytes(&[4; 32]);
    let answer = receiver()
        .invitation()
        .answer_signed_by(key, &seed, once, nonce)
        .unwrap();
    let (payload, public) = (answer.payload, key.verifying_key());
    Purpose {
        name: "transfer",
        signature: *payload.signature(),
        verifies: Box::new(move |signature| {
            let (sender, sealed) = (payload.sender().to_base64(), payload.sealed_seed().to_base64());
            let payload = Payload::from_base64(&sender, &sealed, &signature.to_base64()).unwrap();
            receiver().receive(payload, &public).is_ok()
        }),
    }
}

/// Something sealed to a friend, and the friend.
fn share(key: &SigningKey) -> Purpose {
    let binding = Binding::verbatim("alice@a.example", "bob@b.example", "r", "t");
    let (bob, public) = (
        MasterSeed::from_bytes(&[1; 32]).encryption_secret(),
        key.verifying_key(),
    );
    let (once, nonce) = (EphemeralSecret::from_bytes(&[2; 32]), SealNonce::from_bytes([3; 12]));
    let share = FriendShare::seal(b"here", &binding, &bob.agreement_key(), key, once, nonce).unwrap();
    let (signed, signature) = share.as_bytes().split_last_chunk().unwrap();
    let signed = signed.to_vec();
    Purpose {
        name: "share",
        signature: Signature::from_bytes(*signature),
        verifies: Box::new(move |signature| {
            let share = FriendShare::from_bytes([&signed[..], signature.as_bytes()].concat()).unwrap();
            share.open(&binding, &bob, &public).is_ok()
        }),
    }
}

/// All purposes, under one key that does everything: the worst case.
fn purposes(key: &SigningKey) -> Vec<Purpose> {
    let public = key.verifying_key();
    let plain = |name, text: String| {
        let signature = key.sign(&text);
        let verifies = Box::new(move |signature: &Signature| public.verify(text.as_bytes(), signature).is_ok());
        Purpose {
            name,
            signature,
            verifies,
        }
    };
    let wrapper_text = {
        let (now, own, sender) = (now(), own(), server("a.example"));
        wrapper(&now, &own, &sender).signed_text()
    };
    let manifest = Manifest::new(server("a.example"), public, Vec::new());
    let manifest = serde_json::to_string(&ManifestDocument::from(&manifest)).unwrap();
    let legacy_text = v1(Object::new(), Signature::from_bytes([0; 64]))
        .message()
        .signed_text();
    vec![
        Purpose {
            name: "envelope",
            signature: key.sign(&v2(Object::new()).signed_text()),
            verifies: Box::new(move |signature| {
                SignedMessage::new(v2(Object::new()), *signature)
                    .verify(&public)
                    .is_ok()
            }),
        },
        Purpose {
            name: "legacy envelope",
            signature: key.sign(&legacy_text),
            verifies: Box::new(move |signature| v1(Object::new(), *signature).verify(&public).is_ok()),
        },
        Purpose {
            name: "wrapper",
            signature: key.sign(&wrapper_text),
            verifies: Box::new(move |signature| {
                let (now, own, sender) = (now(), own(), server("a.example"));
                wrapper(&now, &own, &sender).verify(&public, signature).is_ok()
            }),
        },
        slot(key),
        transfer(key),
        share(key),
        plain(
            "manifest",
            canonical::to_string(&canonical::parse(manifest.as_bytes()).unwrap()),
        ),
    ]
}

fn wrapper<'a>(
    now: &'a parchment_core::time::Timestamp,
    peer: &'a parchment_core::handle::ServerId,
    sender: &'a parchment_core::handle::ServerId,
) -> Wrapper<'a> {
    Wrapper {
        method: INBOX_METHOD,
        path: INBOX_PATH,
        body_hash: Digest::of(b"{}"),
        nonce: Nonce::from_bytes([4; 16]),
        timestamp: now,
        peer,
        sender,
    }
}

#[test]
fn s07_a_signature_verifies_for_the_purpose_it_was_made_for_and_for_no_other() {
    let key = SigningKey::from_seed(&[5; 32]);
    let purposes = purposes(&key);
    for made in &purposes {
        for used in &purposes {
            let verifies = (used.verifies)(&made.signature);
            assert_eq!(
                verifies,
                made.name == used.name,
                "made for {}, used for {}",
                made.name,
                used.name
            );
        }
    }
}

/// The members of a signed text.
fn names(text: &str) -> Vec<String> {
    let value = canonical::parse(text.as_bytes()).unwrap();
    let names = value.as_object().unwrap().iter();
    names.map(|(name, _)| name.to_owned()).collect()
}

fn type_of(text: &str) -> Option<String> {
    let value = canonical::parse(text.as_bytes()).unwrap();
    let member = value.as_object().unwrap().get("type").cloned();
    member.map(|member| member.as_str().unwrap().to_owned())
}

proptest! {
    #![proptest_config(cases(512))]

    /// Whatever an attacker gets a user to put into a payload, the texts stay of different shapes.
    #[test]
    fn s07_no_payload_makes_the_text_of_one_purpose_that_of_another(payload in object()) {
        let envelope = v2(payload.clone()).signed_text();
        prop_assert_eq!(names(&envelope), [
            "from", "message_type", "message_version", "nonce", "payload", "protocol_version", "timestamp", "to",
        ]);
        let (now, own, sender) = (now(), own(), server("a.example"));
        prop_assert_eq!(names(&wrapper(&now, &own, &sender).signed_text()), [
            "body_hash", "method", "nonce", "path", "peer_server_id", "protocol_version", "sender_server_id", "timestamp",
        ]);
        // The legacy form always has a type, and one that says what it is for.
        let mut free = payload;
        for reserved in ["from", "to", "timestamp", "type"] {
            free.remove(reserved);
        }
        let message = v1(free.clone(), Signature::from_bytes([0; 64]));
        let is_legacy = matches!(message.message().form(), Form::Legacy { .. });
        prop_assert!(is_legacy);
        prop_assert_eq!(type_of(&message.message().signed_text()), Some("FRIEND_INVITE".to_owned()));
        for other in [SLOT, TRANSFER] {
            let text = legacy::signed_text(other, &Value::Object(free.clone()));
            prop_assert_eq!(type_of(&text), Some(other.to_owned()));
            prop_assert_eq!(Kind::parse(other), None);
        }
    }
}

#[test]
fn s07_a_legacy_payload_cannot_bring_a_type_or_other_signed_members_of_its_own() {
    for name in ["type", "from", "to", "timestamp"] {
        let mut payload = Object::new();
        payload.insert(name, SLOT);
        let mut body = members(&[
            ("from", "alice@a.example"),
            ("to", "bob@b.example"),
            ("timestamp", now().as_str()),
            ("type", "FRIEND_INVITE"),
            ("signature", &Signature::from_bytes([0; 64]).to_base64()),
        ]);
        if let Value::Object(body) = &mut body {
            body.insert("payload", payload);
        }
        assert!(SignedMessage::read(&body).is_err(), "{name}");
    }
}

#[test]
fn s07_a_servers_key_does_not_speak_for_a_user_who_has_the_same_one() {
    let seed = [5; 32];
    let (server, user) = (
        ServerIdentity::new(server("a.example"), &seed),
        SigningKey::from_seed(&seed),
    );
    let (now, own) = (now(), own());
    let signature = server.sign(&wrapper(&now, &own, server.id()));
    assert!(
        SignedMessage::new(v2(Object::new()), signature)
            .verify(&user.verifying_key())
            .is_err()
    );
}
