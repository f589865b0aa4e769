//! Statement 9: the server's key signs wrappers that the server made, and nothing else.

use std::{fs, path::Path};

use parchment_core::{
    canonical,
    envelope::{Kind, SignedMessage},
    request::{INBOX_METHOD, INBOX_PATH, RequestHead},
};
use serde_json::json;

use crate::support::{app::TestApp, peer::Peer};

#[tokio::test(flavor = "multi_thread")]
async fn s09_what_leaves_is_what_the_user_signed_in_a_wrapper_of_the_servers_own() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let (signature, nonce, timestamp) = bob.sign(Kind::FriendInvite, &alice.handle);
    let body = json!({
        "handle": alice.handle.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp,
    });
    bob.post("/friends/invite", body).await.expect(200);

    let sent = home.inbox().remove(0);
    let value = canonical::parse(&sent.body).unwrap();
    let message = SignedMessage::read(&value).unwrap();
    assert!(message.verify(&bob.key.verifying_key()).is_ok());
    assert_eq!(message.to_canonical().as_bytes(), sent.body);

    let headers = sent
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()));
    let head = RequestHead::read(headers).unwrap();
    assert_eq!(head.sender(), &app.id);
    let wrapper = head.wrapper(INBOX_METHOD, INBOX_PATH, canonical::digest(&value), home.id());
    assert!(wrapper.verify(&app.app().server.public_key(), head.signature()).is_ok());
    let key = app.app().server.public_key();
    assert!(message.verify(&key).is_err(), "the server signed in the user's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_what_a_client_supplies_is_not_signed_and_not_sent() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let (signature, nonce, timestamp) = bob.sign(Kind::FriendInvite, &alice.handle);
    let whole = json!({
        "handle": alice.handle.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp,
    });
    // Each part taken away or exchanged, and parts that nobody asked for.
    let other = bob.sign(Kind::RelationshipRevoke, &alice.handle).0;
    for (name, value) in [
        ("signature", json!(other)),
        ("nonce", json!(null)),
        ("timestamp", json!(null)),
        ("handle", json!(home.user("eve").handle.as_str())),
        ("payload", json!({ "x": 1 })),
        ("from", json!("eve@elsewhere.example")),
        ("body", json!("{\"method\":\"POST\"}")),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        let answer = bob.post("/friends/invite", body).await;
        assert!((400..500).contains(&answer.status), "{name}: {}", answer.text);
    }
    assert!(home.inbox().is_empty());
}

#[test]
fn s09_nothing_but_the_demonstration_holds_a_key_that_signs_texts() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The demonstration plays the clients, too.
                folders.extend((!path.ends_with("demo")).then_some(path));
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let holds = |name: &str| source.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
            let is_column = source.contains("users::Column::SigningKey");
            assert!(is_column || !holds("SigningKey"), "{}", path.display());
            assert!(!source.contains("ed25519"), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} files");
}
