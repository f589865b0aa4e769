use parchment_core::{envelope::Kind, keys::SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use super::{befriend, envelope, friend, only_id, open, row};
use crate::support::{
    app::{TestApp, random},
    stranger::{Manner, StrangeServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_friend_looks_as_documented() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.get("/friends").await.expect(200);
    befriend(&alice, &bob).await;
    let identity = bob.get("/users/me/identity").await.expect(200).body;
    let list = alice.get("/friends").await.expect(200).body;
    let row = list["friends"][0].clone();
    let expected = json!({
        "id": row["id"].as_str().unwrap(),
        "friendHandle": bob.handle().as_str(),
        "friendSigningKey": identity["signingKey"],
        "friendEncryptionKey": identity["encryptionKey"],
        "friendName": null,
        "friendPicture": null,
        "status": "accepted",
        "establishedAt": row["establishedAt"].as_str().unwrap(),
        "createdAt": row["createdAt"].as_str().unwrap(),
    });
    assert_eq!(list, json!({ "friends": [expected] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_needs_a_whole_envelope_towards_another_server() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (mut alice, peer) = (app.person("alice").await, server.user("peer"));
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    let path = format!("/friends/invitations/{}/accept", only_id(&alice).await);
    for missing in ["nonce", "timestamp"] {
        let mut body = envelope(&alice, Kind::FriendAccept, &peer.handle);
        body.as_object_mut().unwrap().remove(missing);
        alice.post(&path, body).await.expect_code(422, "envelope_required");
    }
    alice.post(&path, json!({})).await.expect_code(422, "envelope_required");
    let (signature, nonce, timestamp) = alice.sign_at(Kind::FriendAccept, &peer.handle, -291_000);
    let old = json!({ "signature": signature, "nonce": nonce, "timestamp": timestamp });
    alice.post(&path, old).await.expect_code(422, "envelope_expired");
    let other_kind = envelope(&alice, Kind::FriendInvite, &peer.handle);
    alice
        .post(&path, other_kind)
        .await
        .expect_code(422, "invalid_signature");
    alice.key = SigningKey::from_seed(&random());
    let other_key = envelope(&alice, Kind::FriendAccept, &peer.handle);
    alice.post(&path, other_key).await.expect_code(422, "invalid_signature");
    assert!(alice.friends().await.is_empty());
    assert_eq!(open(&alice).await, [row("incoming", &peer.handle, "pending")]);
    assert!(server.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_without_a_body_is_refused_and_rejecting_is_not() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = only_id(&bob).await;
    let accept = format!("/friends/invitations/{id}/accept");
    bob.call(Method::POST, &accept, None)
        .await
        .expect_code(400, "malformed_json");
    let rejected = bob
        .call(Method::POST, &format!("/friends/invitations/{id}/reject"), None)
        .await
        .expect(200);
    assert_eq!(rejected.body, json!({ "success": true, "delivered": true }));
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_invited_answers_and_only_the_inviter_takes_back() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let (sent, received) = (only_id(&alice).await, only_id(&bob).await);
    for id in [sent.as_str(), "nonsense", "01890000-0000-7000-8000-000000000000"] {
        for answer in ["accept", "reject"] {
            let path = format!("/friends/invitations/{id}/{answer}");
            alice.post(&path, json!({})).await.expect_code(404, "not_found");
        }
    }
    bob.call(Method::DELETE, &format!("/friends/invitations/{received}"), None)
        .await
        .expect_code(404, "not_found");
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_that_the_other_server_refuses_makes_no_friend() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    let id = only_id(&alice).await;
    server.set(Manner::Refuse(400, "unknown_recipient"));
    alice.accept(&id, &peer.handle).await.expect_code(502, "peer_refused");
    assert!(alice.friends().await.is_empty());
    assert_eq!(open(&alice).await, [row("incoming", &peer.handle, "pending")]);

    server.set(Manner::Refuse(400, "no_invitation"));
    alice.accept(&id, &peer.handle).await.expect_code(502, "peer_refused");
    assert!(
        alice.friends().await.is_empty() && open(&alice).await.is_empty(),
        "there is nothing left to accept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_nobody_asked_for_is_refused() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    server
        .send(&app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect_code(400, "no_invitation");
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    server
        .send(&app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect_code(400, "no_invitation");
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect_code(400, "already_invited");
    assert!(alice.friends().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_that_is_repeated_has_no_second_effect() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    alice.invite(&peer.handle).await.expect(200);
    server
        .send(&app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    let before = alice.get("/friends").await.expect(200).body;
    server
        .send(&app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    assert_eq!(alice.get("/friends").await.expect(200).body, before);
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect_code(400, "already_friends");
    assert_eq!(alice.friends().await, [friend(&peer.handle, "accepted")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_from_elsewhere_touches_its_pair_alone() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let (first, second) = (server.user("first"), server.user("second"));
    alice.invite(&first.handle).await.expect(200);
    alice.invite(&second.handle).await.expect(200);
    server
        .send(&app, &first, Kind::FriendReject, alice.handle())
        .await
        .expect(202);
    assert_eq!(open(&alice).await, [row("outgoing", &second.handle, "pending")]);
    server
        .send(&app, &first, Kind::FriendReject, alice.handle())
        .await
        .expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_told_when_it_is_signed() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let cases: [(&str, bool); 3] = [("signed", true), ("bare", false), ("empty", false)];
    for (alias, delivered) in cases {
        let peer = server.user(alias);
        server
            .send(&app, &peer, Kind::FriendInvite, alice.handle())
            .await
            .expect(202);
        let body: Value = match alias {
            "signed" => envelope(&alice, Kind::FriendReject, &peer.handle),
            "bare" => json!({ "signature": "anything" }),
            _ => json!({}),
        };
        let path = format!("/friends/invitations/{}/reject", only_id(&alice).await);
        let ended = alice.post(&path, body).await.expect(200);
        assert_eq!(
            ended.body,
            json!({ "success": true, "delivered": delivered }),
            "{alias}"
        );
        assert!(open(&alice).await.is_empty());
    }
    assert_eq!(server.kinds(), [Kind::FriendReject]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reset_and_has_no_key_cannot_be_befriended_until_she_has_one() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = only_id(&bob).await;
    bob.post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
        .await
        .expect(200);
    bob.register_keys().await;
    let accept = format!("/friends/invitations/{id}/accept");
    bob.post(&accept, json!({})).await.expect_code(404, "not_found");
    assert!(open(&alice).await.is_empty() && alice.friends().await.is_empty());
}
