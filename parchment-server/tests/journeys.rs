//! The journeys of a person: friends on one server and across two, reset and revocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use parchment_core::envelope::Kind;
use reqwest::Method;
use serde_json::json;
use support::{
    app::{TestApp, answer},
    stranger::{Manner, StrangeServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn two_people_on_two_servers_become_friends_and_part() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);

    let invitation = alice.invite(bob.handle()).await.expect(200);
    assert_eq!(invitation.body["invitation"]["status"], "pending");
    alice.invite(bob.handle()).await.expect_code(409, "already_invited");
    let ids = bob.incoming().await;
    bob.accept(&ids[0], alice.handle()).await.expect(200);
    assert_eq!(
        alice.friends().await,
        [(bob.handle().to_string(), "accepted".to_owned())]
    );
    assert_eq!(
        bob.friends().await,
        [(alice.handle().to_string(), "accepted".to_owned())]
    );
    alice.invite(bob.handle()).await.expect_code(409, "already_friends");

    let (signature, nonce, timestamp) = bob.sign(Kind::RelationshipRevoke, alice.handle());
    let body = json!({ "revoke_signature": signature, "revoke_nonce": nonce, "revoke_timestamp": timestamp });
    let ended = bob
        .call(Method::DELETE, &format!("/friends/{}", alice.handle()), Some(body))
        .await
        .expect(200);
    assert_eq!(ended.body, json!({ "success": true, "delivered": true }));
    assert!(alice.friends().await.is_empty() && bob.friends().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_on_one_server_need_no_envelope() {
    let one = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, one.person("bob").await);
    let body = json!({ "handle": bob.handle().as_str(), "signature": "anything" });
    alice.post("/friends/invite", body.clone()).await.expect(200);
    alice
        .post("/friends/invite", body)
        .await
        .expect_code(409, "already_invited");
    let id = bob.incoming().await.remove(0);
    bob.post(
        &format!("/friends/invitations/{id}/accept"),
        json!({ "signature": "anything" }),
    )
    .await
    .expect(200);
    assert_eq!(alice.friends().await.len(), 1);
    assert_eq!(bob.friends().await.len(), 1);

    alice
        .post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
        .await
        .expect(200);
    assert!(bob.friends().await.is_empty(), "both sides' rows go at once");
    let pending = alice.get("/users/me/revocations/pending").await.expect(200);
    assert_eq!(
        pending.body,
        json!({ "revocations": [] }),
        "nobody on this server has to be told"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_finishes_what_is_under_way_first() {
    let (mut app, slow) = (TestApp::start().await, StrangeServer::start().await);
    let peer = slow.user("peer");
    let (token, body) = {
        let alice = app.person("alice").await;
        let (signature, nonce, timestamp) = alice.sign(Kind::FriendInvite, &peer.handle);
        let body =
            json!({ "handle": peer.handle.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
        (alice.token.clone(), body.to_string())
    };
    slow.set(Manner::Hang);
    let request = app.http.post(app.url("/friends/invite")).bearer_auth(&token);
    let inviting = tokio::spawn(answer(request.header("content-type", "application/json").body(body)));
    while slow.kinds().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let restarting = app.restart();
    let released = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        slow.release();
    };
    tokio::join!(restarting, released);
    inviting.await.unwrap().expect_code(502, "delivery_unknown");
    let request = app.http.get(app.url("/friends/invitations")).bearer_auth(&token);
    let invitations = answer(request).await.expect(200);
    assert_eq!(invitations.body["invitations"][0]["status"], "sending");
}
