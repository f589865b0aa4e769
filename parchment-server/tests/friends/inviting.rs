use parchment_core::{envelope::Kind, handle::Handle, keys::SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use super::{invitation, open, row};
use crate::support::{
    app::{TestApp, free_port, random},
    rows,
    stranger::{Manner, StrangeServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_looks_as_documented_to_both() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    let made = alice.invite(bob.handle()).await.expect(200).body["invitation"].clone();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let expected = json!({
        "id": text("id"),
        "fromHandle": alice.handle().as_str(),
        "toHandle": bob.handle().as_str(),
        "direction": "outgoing",
        "status": "pending",
        "createdAt": text("createdAt"),
    });
    assert_eq!(made, expected);
    assert!(text("createdAt").ends_with('Z'));

    let sent = alice
        .get("/friends/invitations?direction=outgoing")
        .await
        .expect(200)
        .body;
    assert_eq!(sent, json!({ "invitations": [made] }));
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
    for nothing in [
        alice.get("/friends/invitations?direction=incoming"),
        bob.get("/friends/invitations?direction=outgoing"),
    ] {
        assert_eq!(nothing.await.expect(200).body, json!({ "invitations": [] }));
    }
    alice
        .get("/friends/invitations?direction=sideways")
        .await
        .expect_code(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn towards_another_server_nonce_and_timestamp_are_required() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    for missing in ["nonce", "timestamp"] {
        for absent in [true, false] {
            let mut body = invitation(&alice, &peer.handle);
            if absent {
                body.as_object_mut().unwrap().remove(missing);
            } else {
                body[missing] = Value::Null;
            }
            alice
                .post("/friends/invite", body)
                .await
                .expect_code(422, "envelope_required");
        }
    }
    assert!(open(&alice).await.is_empty());
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_is_good_for_290_seconds_and_five_minutes_ahead() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    let signed = |offset: i64| {
        let (signature, nonce, timestamp) = alice.sign_at(Kind::FriendInvite, &peer.handle, offset);
        json!({ "handle": peer.handle.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp })
    };
    for offset in [-291_000, -3_600_000, 360_000] {
        alice
            .post("/friends/invite", signed(offset))
            .await
            .expect_code(422, "envelope_expired");
    }
    assert_eq!(server.requests(), 0);
    alice.post("/friends/invite", signed(-240_000)).await.expect(200);
    assert_eq!(server.kinds(), [Kind::FriendInvite]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_that_cannot_be_read_says_which_part() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    let cases = [
        ("nonce", "AAAA", "malformed_nonce"),
        ("nonce", "", "malformed_nonce"),
        ("signature", "AAAA", "malformed_signature"),
        ("signature", "not base64", "malformed_signature"),
        ("timestamp", "yesterday", "invalid_timestamp"),
        ("timestamp", "", "invalid_timestamp"),
    ];
    for (member, value, code) in cases {
        let mut body = invitation(&alice, &peer.handle);
        body[member] = json!(value);
        alice.post("/friends/invite", body).await.expect_code(422, code);
    }
    assert!(open(&alice).await.is_empty());
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_another_key_is_refused_here_already() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (mut alice, peer) = (app.person("alice").await, server.user("peer"));
    alice.key = SigningKey::from_seed(&random());
    alice.invite(&peer.handle).await.expect_code(422, "invalid_signature");
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_invites_herself() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    alice.invite(alice.handle()).await.expect_code(400, "self");
    assert!(open(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_nobody_has_is_unknown_here_and_elsewhere() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let here = Handle::parse(&format!("nobody@{}", app.id)).unwrap();
    alice.invite(&here).await.expect_code(404, "unknown_handle");
    alice
        .invite(&server.handle("nobody"))
        .await
        .expect_code(404, "unknown_handle");
    assert!(open(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_is_looked_up_in_its_exact_spelling() {
    let app = TestApp::start().await;
    let (alice, _bob) = (app.person("alice").await, app.person("bob").await);
    let shouted = Handle::parse(&format!("BOB@{}", app.id)).unwrap();
    alice.invite(&shouted).await.expect_code(404, "unknown_handle");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handle_is_refused_as_such() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    for handle in [
        "",
        "bob",
        "bob@",
        "@home.example",
        "bob@home.example@evil.example",
        "b@home.example",
        "bob@10.0.0.1",
    ] {
        let body = json!({ "handle": handle, "signature": "" });
        alice
            .post("/friends/invite", body)
            .await
            .expect_code(400, "invalid_handle");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_unreachable() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let gone = Handle::parse(&format!("bob@127.0.0.1:{}", free_port())).unwrap();
    alice.invite(&gone).await.expect_code(502, "peer_unreachable");
    assert!(open(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_alias_or_no_keys_cannot_invite() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let body = json!({ "handle": bob.handle().as_str(), "signature": "anything" });
    let alice = app.sign_in("alice@mail.example").await;
    alice
        .post("/friends/invite", body.clone())
        .await
        .expect_code(409, "no_identity");
    alice
        .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": "alice" })))
        .await
        .expect(200);
    alice
        .post("/friends/invite", body.clone())
        .await
        .expect_code(409, "no_identity");
    alice.register_keys().await;
    alice.post("/friends/invite", body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_invitation_or_friendship_of_a_pair_is_refused() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob, peer) = (app.person("alice").await, app.person("bob").await, server.user("peer"));
    for handle in [bob.handle(), &peer.handle] {
        alice.invite(handle).await.expect(200);
        alice.invite(handle).await.expect_code(409, "already_invited");
    }
    server
        .send(&app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    let id = bob.incoming().await.remove(0);
    bob.accept(&id, alice.handle()).await.expect(200);
    for handle in [bob.handle(), &peer.handle] {
        alice.invite(handle).await.expect_code(409, "already_friends");
    }
    assert_eq!(server.kinds(), [Kind::FriendInvite], "what was refused was not sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_server_a_bare_signature_is_ignored_and_a_whole_envelope_is_checked() {
    let app = TestApp::start().await;
    let (mut alice, bob) = (app.person("alice").await, app.person("bob").await);
    let right = alice.key.clone();
    alice.key = SigningKey::from_seed(&random());
    alice.invite(bob.handle()).await.expect_code(422, "invalid_signature");
    assert!(open(&bob).await.is_empty());
    let bare = json!({ "handle": bob.handle().as_str(), "signature": "anything", "nonce": null });
    alice.post("/friends/invite", bare).await.expect(200);
    alice.key = right;
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_the_other_server_refuses_is_not_kept() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    server.set(Manner::Refuse(400, "unknown_recipient"));
    let refused = alice.invite(&peer.handle).await.expect_code(502, "peer_refused");
    assert!(refused.body["message"].as_str().unwrap().contains("unknown_recipient"));
    assert!(open(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_is_exactly_what_was_signed() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    let body = invitation(&alice, &peer.handle);
    alice.post("/friends/invite", body.clone()).await.expect(200);
    let sent = server.messages().remove(0);
    assert_eq!(sent.signature().to_base64(), body["signature"]);
    assert_eq!(sent.message().timestamp().as_str(), body["timestamp"]);
    assert_eq!(
        (sent.message().from(), sent.message().to()),
        (alice.handle(), &peer.handle)
    );
    assert!(sent.verify(&alice.key.verifying_key()).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_that_cross_end_in_one_friendship() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob, carol) = (
        one.person("alice").await,
        two.person("bob").await,
        one.person("carol").await,
    );
    for other in [&bob, &carol] {
        alice.invite(other.handle()).await.expect(200);
        other.invite(alice.handle()).await.expect(200);
        assert_eq!(open(other).await.len(), 2);
        let id = other.incoming().await.remove(0);
        other.accept(&id, alice.handle()).await.expect(200);
        assert!(open(&alice).await.is_empty() && open(other).await.is_empty());
        assert_eq!(other.friends().await, [super::friend(alice.handle(), "accepted")]);
    }
    assert_eq!(alice.friends().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_very_many_open_invitations_gets_no_more_until_she_answers() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob, peer) = (app.person("alice").await, app.person("bob").await, server.user("peer"));
    let many = format!(
        "INSERT INTO invitations (id, user_id, peer_handle, direction, status, created_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
         SELECT {}, users.id, 'somebody' || i || '@home.example', 'incoming', 'pending', 1 \
         FROM n, users WHERE users.alias = 'alice'",
        rows::new_id()
    );
    rows::change(&app, &many).await;
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect_code(400, "too_many_invitations");
    bob.invite(alice.handle())
        .await
        .expect_code(409, "too_many_invitations");
    rows::change(&app, "DELETE FROM invitations WHERE peer_handle LIKE 'somebody%'").await;
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    bob.invite(alice.handle()).await.expect(200);
}
