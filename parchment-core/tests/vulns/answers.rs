//! Statement 21: a document is read with the question in hand.

use parchment_core::{
    keys::SigningKey,
    manifest::{InboxUrl, Manifest, UserDocument},
    refusal::Code,
};
use serde_json::{Value, json};

use super::world::{handle, server};

fn key() -> String {
    SigningKey::from_seed(&[1; 32]).verifying_key().to_base64()
}

#[test]
fn s21_a_manifest_is_read_only_as_that_of_the_server_that_was_asked() {
    let asked = server("a.example");
    let manifest = |id: Value| json!({ "server_id": id, "public_key": key(), "protocol_versions": [2] }).to_string();
    assert_eq!(
        Manifest::read(manifest(json!("a.example")).as_bytes(), &asked)
            .unwrap()
            .server_id,
        asked
    );
    for id in [
        json!("b.example"),
        json!("A.example"),
        json!("a.example."),
        json!("a.example:443"),
        json!("https://a.example"),
        json!(" a.example"),
        json!(""),
        json!(null),
        json!(1),
        json!(["a.example"]),
        json!({ "a.example": 1 }),
    ] {
        let refusal = Manifest::read(manifest(id.clone()).as_bytes(), &asked).unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidManifest, "{id}");
    }
    // Said twice, it could be read either way.
    let twice = manifest(json!("a.example")).replacen('{', r#"{"server_id":"b.example","#, 1);
    assert!(Manifest::read(twice.as_bytes(), &asked).is_err());
    assert!(Manifest::read(br#"{"public_key":"","protocol_versions":[2]}"#, &asked).is_err());
}

#[test]
fn s21_a_user_document_names_the_user_who_was_asked_for_and_an_inbox_on_her_server() {
    let alice = handle("alice@a.example");
    let user =
        |handle: Value, inbox: Value| json!({ "handle": handle, "signingKey": key(), "inbox": inbox }).to_string();
    let (name, inbox) = (json!("alice@a.example"), json!("https://a.example/federation/inbox"));
    let good = user(name.clone(), inbox.clone());
    assert_eq!(UserDocument::read(good.as_bytes(), &alice, true).unwrap().handle, alice);
    assert!(
        UserDocument::read(good.as_bytes(), &alice, false).is_err(),
        "reached by http, inbox by https"
    );

    for other in [
        "bob@a.example",
        "Alice@a.example",
        "alice@b.example",
        "alice@A.example",
        "alice",
        "",
        "@a.example",
    ] {
        let text = user(json!(other), inbox.clone());
        let refusal = UserDocument::read(text.as_bytes(), &alice, true).unwrap_err();
        assert_eq!(refusal.code(), Code::UnknownSender, "{other}");
    }
    for other in [
        json!("https://b.example/federation/inbox"),
        json!("https://A.example/federation/inbox"),
        json!("https://a.example:443/federation/inbox"),
        json!("https://a.example.b.example/federation/inbox"),
        json!("https://a.example@b.example/federation/inbox"),
        json!("https://b.example#a.example/federation/inbox"),
        json!("https://b.example/a.example/federation/inbox"),
        json!("https://b.example\\a.example/federation/inbox"),
        json!("http://a.example/federation/inbox"),
        json!("https://127.0.0.1/federation/inbox"),
        json!("https://a.example/federation/inbox?x"),
        json!("https://a.example/federation/inbox/"),
        json!("https://a.example/x/federation/inbox"),
        json!("https://a.example/"),
        json!("a.example/federation/inbox"),
        json!("//a.example/federation/inbox"),
        json!("/federation/inbox"),
        json!(""),
        json!(null),
        json!(["https://a.example/federation/inbox"]),
    ] {
        let text = user(name.clone(), other.clone());
        assert!(UserDocument::read(text.as_bytes(), &alice, true).is_err(), "{other}");
    }
}

#[test]
fn s21_an_inbox_over_http_is_read_for_this_very_machine_only() {
    assert!(InboxUrl::parse("http://localhost:5000/federation/inbox").is_some());
    assert!(InboxUrl::parse("http://home.example/federation/inbox").is_none());
    assert!(InboxUrl::parse("http://192.168.0.1/federation/inbox").is_none());
}
