//! Statement 14: who is not authenticated leaves nothing behind.

use parchment_core::{encoding, envelope::Kind, request::header};
use reqwest::Method;
use serde_json::json;

use super::world::rows;
use crate::support::{
    app::{TestApp, answer, random},
    peer::{Page, Peer, RawInbox},
};

/// Requests that are wrong in every way there is, each in the name of a server that could be asked.
fn bad_requests(app: &TestApp, home: &Peer, good: &RawInbox) -> Vec<RawInbox> {
    let mut bad = vec![good.clone().forged(), good.clone().forged()];
    for name in [
        header::SERVER_ID,
        header::PROTOCOL_VERSION,
        header::NONCE,
        header::TIMESTAMP,
        header::SIGNATURE,
        "content-type",
    ] {
        for value in [None, Some(""), Some("x"), Some("3"), Some("localhost:1")] {
            bad.push(good.clone().with(name, value));
        }
    }
    // Another nonce or time under the old signature; other servers in their own name.
    let nonce = encoding::encode(&random::<16>());
    bad.push(good.clone().with(header::NONCE, Some(&nonce)));
    for hours in [-1, 1] {
        let other = app.app().now().plus(hours * 3_600_000).to_string();
        bad.push(good.clone().with(header::TIMESTAMP, Some(&other)));
    }
    let unknown = home.called("nobody.localhost");
    let stranger = unknown.user("stranger");
    let bob = parchment_core::handle::Handle::parse(&format!("bob@{}", app.id)).unwrap();
    bad.push(unknown.request(&app.id, &stranger.say(Kind::FriendInvite, &bob)));
    let eve = home.user("eve");
    bad.push(home.with_new_key().request(&app.id, &eve.say(Kind::FriendInvite, &bob)));
    for body in ["", "{", "null", "[]", "{}", "\u{feff}{}", r#"{"from":"a","from":"b"}"#] {
        let mut request = good.clone();
        request.body = body.into();
        bad.push(request);
    }
    bad
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_no_bad_request_to_the_inbox_leaves_a_row() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let good = home.request(&app.id, &home.user("alice").say(Kind::FriendInvite, bob.handle()));
    let before = rows(&app.app().store).await;
    assert_eq!(
        (before.transport_nonces, before.envelope_nonces, before.peers),
        (0, 0, 0)
    );
    for (number, request) in bad_requests(&app, &home, &good).into_iter().enumerate() {
        let answer = request.send(&app).await;
        assert!((400..=503).contains(&answer.status), "{number}: {}", answer.text);
        assert_eq!(rows(&app.app().store).await, before, "request {number}: {request:?}");
    }
    let mut long = good.clone();
    long.body.resize(70_000, b' ');
    let status = long.send_too_much(&app).await;
    assert!([None, Some(413)].contains(&status), "{status:?}");
    assert_eq!(rows(&app.app().store).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_server_whose_manifest_is_not_its_own_is_not_pinned() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let before = rows(&app.app().store).await;
    for spoil in [
        |manifest: &mut serde_json::Value| manifest["server_id"] = json!("localhost:1"),
        |manifest: &mut serde_json::Value| manifest["public_key"] = json!(encoding::encode(&[0; 32])),
        |manifest: &mut serde_json::Value| manifest["protocol_versions"] = json!([1]),
    ] {
        let home = Peer::start().await;
        let mut manifest = home.manifest();
        spoil(&mut manifest);
        home.set(parchment_core::manifest::MANIFEST_PATH, Page::Json(manifest));
        let said = home.user("alice").say(Kind::FriendInvite, bob.handle());
        home.deliver(&app, &said).await.expect_code(401, "invalid_manifest");
    }
    assert_eq!(rows(&app.app().store).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_who_has_no_session_makes_none() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let before = rows(&app.app().store).await;
    for (email, token) in [
        ("bob@mail.example", "00000000"),
        ("bob@mail.example", ""),
        ("nobody@mail.example", "00000000"),
        ("", ""),
    ] {
        let body = json!({ "method": "otp", "email": email, "token": token });
        let answer = app.call(Method::POST, "/auth/sessions", Some(body)).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text);
    }
    let body = json!({ "method": "passkey", "email": "bob@mail.example", "token": "x" });
    app.call(Method::POST, "/auth/sessions", Some(body)).await.expect(401);
    for token in ["", "x", &encoding::encode(&random::<32>())] {
        for path in ["/users/me/identity", "/auth/sessions", "/friends"] {
            answer(app.http.get(app.url(path)).bearer_auth(token)).await.expect(401);
        }
        app.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    }
    assert_eq!(rows(&app.app().store).await, before);
    bob.get("/users/me/identity").await.expect(200);
}
