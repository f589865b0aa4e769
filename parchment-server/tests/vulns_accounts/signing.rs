//! Statements 9 and 28: only what the user signed leaves the server, and a reset leaves nothing half done.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s09_the_server_sends_only_what_the_user_signed_for_this_very_purpose() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = alice_with_a_revocation(&app, &server).await;
    let bob = app.person("bob").await;
    let (from, to) = (alice.handle(), &peer.handle);
    let other = server.user("other");
    let (before, empty) = (server.requests(), Object::new());

    let mut other_nonce = item(&alice.key, Kind::RelationshipRevoke, from, to, to, empty.clone());
    other_nonce["nonce"] = json!(Nonce::from_bytes(random()).to_base64());
    let mut other_time = item(&alice.key, Kind::RelationshipRevoke, from, to, to, empty.clone());
    other_time["timestamp"] = json!(Timestamp::from_instant(SystemClock.now().plus(1000)).to_string());
    let mut payload = Object::new();
    payload.insert("purpose", "another");
    let wrong = [
        (
            "another user's key",
            item(&bob.key, Kind::RelationshipRevoke, from, to, to, empty.clone()),
        ),
        (
            "another user's name",
            item(&bob.key, Kind::RelationshipRevoke, bob.handle(), to, to, empty.clone()),
        ),
        (
            "another kind",
            item(&alice.key, Kind::FriendReject, from, to, to, empty.clone()),
        ),
        (
            "another recipient",
            item(
                &alice.key,
                Kind::RelationshipRevoke,
                from,
                &other.handle,
                to,
                empty.clone(),
            ),
        ),
        (
            "another payload",
            item(&alice.key, Kind::RelationshipRevoke, from, to, to, payload),
        ),
        ("another nonce", other_nonce),
        ("another timestamp", other_time),
    ];
    for (what, item) in wrong {
        let answer = alice
            .post("/users/me/revocations/flush", json!({ "items": [item] }))
            .await
            .expect(200);
        let expected = json!([{ "peerHandle": to.as_str(), "delivered": false, "error": "invalid_signature" }]);
        assert_eq!(answer.body["results"], expected, "{what}");
    }
    let unqueued = item(
        &alice.key,
        Kind::RelationshipRevoke,
        from,
        &other.handle,
        &other.handle,
        empty.clone(),
    );
    let answer = alice
        .post("/users/me/revocations/flush", json!({ "items": [unqueued] }))
        .await
        .expect(200);
    assert_eq!(answer.body["results"][0]["error"], "not_queued");
    assert_eq!(server.requests(), before, "nothing left this server");

    let right = item(&alice.key, Kind::RelationshipRevoke, from, to, to, empty);
    let answer = alice
        .post("/users/me/revocations/flush", json!({ "items": [right] }))
        .await
        .expect(200);
    assert_eq!(
        answer.body["results"],
        json!([{ "peerHandle": to.as_str(), "delivered": true }])
    );
    assert_eq!(server.kinds(), [Kind::FriendInvite, Kind::RelationshipRevoke]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_an_invitation_signed_by_somebody_else_or_for_something_else_never_leaves() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob, peer) = (app.person("alice").await, app.person("bob").await, server.user("peer"));
    let cases = [
        item(
            &bob.key,
            Kind::FriendInvite,
            alice.handle(),
            &peer.handle,
            &peer.handle,
            Object::new(),
        ),
        item(
            &alice.key,
            Kind::FriendAccept,
            alice.handle(),
            &peer.handle,
            &peer.handle,
            Object::new(),
        ),
        item(
            &alice.key,
            Kind::FriendInvite,
            alice.handle(),
            bob.handle(),
            &peer.handle,
            Object::new(),
        ),
    ];
    for mut body in cases {
        let handle = body.as_object_mut().unwrap().remove("peerHandle").unwrap();
        body["handle"] = handle;
        alice
            .post("/friends/invite", body)
            .await
            .expect_code(422, "invalid_signature");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_a_reset_that_races_a_flush_leaves_no_mixed_state() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = alice_with_a_revocation(&app, &server).await;
    for _ in 0..10 {
        let flush = item(
            &alice.key,
            Kind::RelationshipRevoke,
            alice.handle(),
            &peer.handle,
            &peer.handle,
            Object::new(),
        );
        let (flushed, reset) = tokio::join!(
            alice.post("/users/me/revocations/flush", json!({ "items": [flush] })),
            alice.post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" })),
        );
        reset.expect(200);
        let result = flushed.expect(200).body["results"][0].clone();
        let queued = rows::count::<revocations::Entity>(&app).await;
        assert_eq!(queued, usize::from(result["delivered"] == false), "{result}");
        let identity = alice.get("/users/me/identity").await.expect(200).body;
        assert!(
            identity["signingKey"].is_null() && identity["encryptionKey"].is_null(),
            "{identity}"
        );
        alice.register_keys().await;
        rows::change(&app, "DELETE FROM revocations").await;
        alice.invite(&peer.handle).await.expect(200);
        alice
            .post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
            .await
            .expect(200);
        alice.register_keys().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_an_invitation_that_a_reset_overtakes_is_not_made_in_the_name_of_the_old_key() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    for round in 0..10 {
        let alias = format!("alice{round}");
        let (alice, peer) = (app.person(&alias).await, server.user(&format!("peer{round}")));
        server.set(Manner::Take);
        let (invited, reset) = tokio::join!(
            alice.invite(&peer.handle),
            alice.post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" })),
        );
        reset.expect(200);
        let outgoing = alice.get("/friends/invitations").await.expect(200).body;
        assert_eq!(
            outgoing["invitations"],
            json!([]),
            "after the reset, though inviting said {}",
            invited.text
        );
    }
}
