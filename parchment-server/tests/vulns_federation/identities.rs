//! Statement 21: an answer is about what was asked.

use parchment_core::{encoding, envelope::Kind, manifest::MANIFEST_PATH};
use serde_json::json;

use super::world::{peer_row, rows};
use crate::support::{
    app::TestApp,
    peer::{Page, Peer},
};

#[tokio::test(flavor = "multi_thread")]
async fn s21_a_manifest_that_names_another_server_pins_nobody() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (victim, liar) = (Peer::start().await, Peer::start().await);
    let mut manifest = liar.manifest();
    manifest["server_id"] = json!(victim.id().as_str());
    liar.set(MANIFEST_PATH, Page::Json(manifest));
    let said = liar.user("alice").say(Kind::FriendInvite, bob.handle());
    liar.deliver(&app, &said).await.expect_code(401, "invalid_manifest");
    assert_eq!(rows(&app.app().store).await.peers, 0);

    // The victim is not locked out by a key that the liar chose for it.
    let said = victim.user("alice").say(Kind::FriendInvite, bob.handle());
    victim.deliver(&app, &said).await.expect(202);
    let row = peer_row(&app.app().store, victim.id()).await.unwrap();
    assert_eq!(row.public_key, victim.identity.public_key().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_a_user_document_about_somebody_else_or_with_an_inbox_elsewhere_is_refused() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, other) = (Peer::start().await, Peer::start().await);
    let cases = [
        ("handle", json!(format!("eve@{}", home.id()))),
        ("handle", json!(format!("ALICE_0@{}", home.id()))),
        ("handle", json!(format!("alice_0@{}", other.id()))),
        ("handle", json!(null)),
        ("inbox", json!(format!("http://{}/federation/inbox", other.id()))),
        ("inbox", json!(format!("https://{}/federation/inbox", home.id()))),
        ("inbox", json!(format!("http://{}/federation/other", home.id()))),
        ("inbox", json!(format!("http://x@{}/federation/inbox", home.id()))),
        ("inbox", json!("/federation/inbox")),
        ("inbox", json!(null)),
        ("signingKey", json!(encoding::encode(&[0; 32]))),
        (
            "signingKey",
            json!(home.user("eve").key.verifying_key().to_base64().trim_end_matches('=')),
        ),
    ];
    for (number, (member, value)) in cases.into_iter().enumerate() {
        let alice = home.user(&format!("alice_{number}"));
        let mut document = home.document(&alice);
        document[member] = value;
        home.set(&alice.path(), Page::Json(document.clone()));
        let said = alice.say(Kind::FriendInvite, bob.handle());
        let answer = home.deliver(&app, &said).await;
        assert_eq!((answer.status, answer.code()), (400, "unknown_sender"), "{document}");
        let answer = bob.get(&format!("/friends/resolve/{}", alice.handle)).await;
        assert_eq!(answer.status, 404, "{document}: {}", answer.text);
        let answer = bob.invite(&alice.handle).await;
        assert!((400..=502).contains(&answer.status), "{document}: {}", answer.text);
    }
    assert!(bob.incoming().await.is_empty());
    assert_eq!(
        (other.all_hits(), home.inbox().len()),
        (0, 0),
        "somebody was sent something"
    );
}
