//! Statements 2 and 3 at the door: what is missing, empty or changed in a request on the wire.

use parchment_core::{envelope::Kind, request::header};

use super::world::{invitations_of, rows};
use crate::support::{app::TestApp, peer::Peer};

#[tokio::test(flavor = "multi_thread")]
async fn s02_a_request_without_a_usable_signature_is_refused() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    // Known already, so that nothing but the signature decides.
    home.deliver(&app, &alice.say(Kind::RelationshipRevoke, bob.handle()))
        .await
        .expect(202);
    let before = rows(&app.app().store).await;

    let request = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
    for value in [None, Some(""), Some("null"), Some("AAAA"), Some("undefined")] {
        let answer = request.clone().with(header::SIGNATURE, value).send(&app).await;
        assert_eq!(answer.status, 401, "{value:?}: {}", answer.text);
        assert_eq!(answer.body["supported_protocol_versions"], serde_json::json!([2]));
    }
    let zeros = parchment_core::encoding::encode(&[0; 64]);
    let answer = request.clone().with(header::SIGNATURE, Some(&zeros)).send(&app).await;
    answer.expect_code(401, "invalid_server_signature");
    assert_eq!(rows(&app.app().store).await, before);
    request.send(&app).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn s02_a_message_whose_author_did_not_sign_it_is_refused_though_her_server_vouches() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let said = alice.with_new_key().say(Kind::FriendInvite, bob.handle());
    home.deliver(&app, &said).await.expect_code(400, "invalid_signature");
    // Her server publishes no key, an empty one, or one that verifies everything.
    for (alias, key) in [
        ("no_key", serde_json::Value::Null),
        ("empty_key", "".into()),
        ("weak_key", parchment_core::encoding::encode(&[0; 32]).into()),
    ] {
        let user = home.user(alias);
        let mut document = home.document(&user);
        document["signingKey"] = key;
        home.set(&user.path(), crate::support::peer::Page::Json(document));
        let said = user.say(Kind::FriendInvite, bob.handle());
        home.deliver(&app, &said).await.expect_code(400, "unknown_sender");
    }
    assert!(bob.incoming().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_no_byte_on_the_wire_can_change() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::RelationshipRevoke, bob.handle()))
        .await
        .expect(202);

    let request = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
    for at in 0..request.body.len() {
        let mut changed = request.clone();
        changed.body[at] ^= 1;
        let answer = changed.send(&app).await;
        let text = String::from_utf8_lossy(&changed.body);
        assert!(
            (400..500).contains(&answer.status),
            "byte {at} of {text}: {}",
            answer.text
        );
    }
    assert_eq!(invitations_of(&app.app().store, &alice.handle).await, 0);
    request.send(&app).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_a_request_to_another_path_or_with_a_query_is_not_the_one_that_was_signed() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    for tail in ["?x=1", "?x=1&x=2", "/", "/?x"] {
        let mut request = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
        request.query = tail.to_owned();
        request.send(&app).await.expect_code(401, "invalid_server_signature");
    }
    assert_eq!(invitations_of(&app.app().store, &alice.handle).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s03_a_query_or_another_spelling_of_the_path_gives_a_request_no_second_life() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let request = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
    request.send(&app).await.expect(202);
    for tail in ["?", "?x=1", "?x=1&x=2", "/", "/?x"] {
        let mut again = request.clone();
        again.query = tail.to_owned();
        let answer = again.send(&app).await;
        assert!([401, 404, 405].contains(&answer.status), "{tail}: {}", answer.text);
    }
    assert_eq!(invitations_of(&app.app().store, &alice.handle).await, 1);
}
