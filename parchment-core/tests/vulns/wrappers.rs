//! Statement 9: a server's key signs wrappers of its own and nothing else.
//!
//! That it takes neither bytes nor texts nor messages, and cannot be taken out, is in `compile_fail`.

use parchment_core::{
    canonical,
    nonce::{Digest, Nonce},
    request::{ServerIdentity, Wrapper},
};
use proptest::prelude::*;

use super::world::server;
use crate::{
    cases,
    sample::{home, now, own},
};

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn s09_whatever_stands_in_a_wrapper_it_is_a_wrapper_that_is_signed(
        method in any::<String>(),
        path in any::<String>(),
        hash in any::<[u8; 32]>(),
    ) {
        let (home, own, now) = (home(), own(), now());
        let wrapper = Wrapper {
            method: &method,
            path: &path,
            body_hash: Digest::from_bytes(hash),
            nonce: Nonce::from_bytes([4; 16]),
            timestamp: &now,
            peer: &own,
            sender: home.id(),
        };
        let text = wrapper.signed_text();
        prop_assert!(home.public_key().verify(text.as_bytes(), &home.sign(&wrapper)).is_ok());
        // A path full of quotes and braces stays one text among eight members.
        let value = canonical::parse(text.as_bytes()).unwrap();
        let members = value.as_object().unwrap();
        prop_assert_eq!(members.len(), 8);
        let text_of = |name: &str| members.get(name).and_then(canonical::Value::as_str).unwrap().to_owned();
        prop_assert_eq!(text_of("path"), path);
        prop_assert_eq!(text_of("method"), method.to_uppercase());
        prop_assert_eq!(text_of("sender_server_id"), home.id().as_str());
        prop_assert_eq!(canonical::to_string(&value), text);
    }
}

#[test]
fn s09_a_server_signs_in_no_name_but_its_own() {
    let (home, own, now) = (home(), own(), now());
    let victim = server("victim.example");
    let wrapper = Wrapper {
        method: "POST",
        path: "/federation/inbox",
        body_hash: Digest::of(b"{}"),
        nonce: Nonce::from_bytes([4; 16]),
        timestamp: &now,
        peer: &own,
        sender: &victim,
    };
    let signature = home.sign(&wrapper);
    assert!(wrapper.verify(&home.public_key(), &signature).is_err());
    let own_name = Wrapper {
        sender: home.id(),
        ..wrapper
    };
    assert!(own_name.verify(&home.public_key(), &signature).is_ok());
}

#[test]
fn s09_a_servers_identity_shows_its_public_half_only() {
    let identity = ServerIdentity::new(server("a.example"), &[7; 32]);
    let shown = format!("{identity:?}");
    assert!(shown.contains(&identity.public_key().to_base64()));
    assert!(!shown.contains(&parchment_core::encoding::encode(&[7; 32])) && !shown.contains("[7, 7"));
}
