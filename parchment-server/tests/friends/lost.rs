use parchment_core::envelope::Kind;
use reqwest::Method;
use serde_json::json;

use super::{envelope, friend, only_id, open, percent, revocation, row};
use crate::support::{
    app::TestApp,
    front::{Fate, Front},
    stranger::{Manner, StrangeServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_without_an_answer_is_sending_and_inviting_again_sends_again() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    for manner in [
        Manner::Swallow,
        Manner::Refuse(503, "unavailable"),
        Manner::Refuse(429, "too_many_requests"),
    ] {
        server.set(manner);
        alice.invite(&peer.handle).await.expect_code(502, "delivery_unknown");
        assert_eq!(
            open(&alice).await,
            [row("outgoing", &peer.handle, "sending")],
            "{manner:?}"
        );
    }
    server.set(Manner::Take);
    let sent = alice.invite(&peer.handle).await.expect(200).body;
    assert_eq!(sent["invitation"]["status"], "pending");
    assert_eq!(open(&alice).await, [row("outgoing", &peer.handle, "pending")]);
    assert_eq!(server.kinds(), [Kind::FriendInvite; 4]);
    alice.invite(&peer.handle).await.expect_code(409, "already_invited");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_whose_answer_was_lost_arrived_and_inviting_again_finds_out() {
    let (front, two) = Front::before_a_server().await;
    let one = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    front.set(Fate::Lost);
    alice.invite(bob.handle()).await.expect_code(502, "delivery_unknown");
    assert!(open(&bob).await.is_empty());
    front.set(Fate::AnswerLost);
    alice.invite(bob.handle()).await.expect_code(502, "delivery_unknown");
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
    assert_eq!(open(&alice).await, [row("outgoing", bob.handle(), "sending")]);
    front.set(Fate::Arrives);
    let sent = alice.invite(bob.handle()).await.expect(200).body;
    assert_eq!(sent["invitation"]["status"], "pending");
    assert_eq!(open(&alice).await, [row("outgoing", bob.handle(), "pending")]);
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_still_sending_can_be_accepted_by_the_other_side() {
    let (front, two) = Front::before_a_server().await;
    let one = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    front.set(Fate::AnswerLost);
    alice.invite(bob.handle()).await.expect_code(502, "delivery_unknown");
    let id = only_id(&bob).await;
    bob.accept(&id, alice.handle()).await.expect(200);
    assert_eq!(alice.friends().await, [friend(bob.handle(), "accepted")]);
    assert_eq!(bob.friends().await, [friend(alice.handle(), "accepted")]);
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_without_an_answer_is_accepting_and_accepting_again_sends_again() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    let id = only_id(&alice).await;
    for manner in [Manner::Swallow, Manner::Refuse(500, "internal")] {
        server.set(manner);
        alice
            .accept(&id, &peer.handle)
            .await
            .expect_code(502, "delivery_unknown");
        assert_eq!(alice.friends().await, [friend(&peer.handle, "accepting")], "{manner:?}");
        let row = alice.get("/friends").await.expect(200).body["friends"][0].clone();
        assert!(row["establishedAt"].is_null(), "{row}");
    }
    server.set(Manner::Take);
    alice.accept(&id, &peer.handle).await.expect(200);
    assert_eq!(alice.friends().await, [friend(&peer.handle, "accepted")]);
    assert!(open(&alice).await.is_empty());
    assert_eq!(server.kinds(), [Kind::FriendAccept; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_whose_answer_was_lost_converges_by_accepting_again() {
    let (front, one) = Front::before_a_server().await;
    let two = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = only_id(&bob).await;
    for (fate, known) in [(Fate::Lost, 0), (Fate::AnswerLost, 1), (Fate::AnswerLost, 1)] {
        front.set(fate);
        bob.accept(&id, alice.handle())
            .await
            .expect_code(502, "delivery_unknown");
        assert_eq!(bob.friends().await, [friend(alice.handle(), "accepting")]);
        assert_eq!(alice.friends().await.len(), known);
    }
    front.set(Fate::Arrives);
    bob.accept(&id, alice.handle()).await.expect(200);
    assert_eq!(alice.friends().await, [friend(bob.handle(), "accepted")]);
    assert_eq!(bob.friends().await, [friend(alice.handle(), "accepted")]);
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_under_way_can_be_ended() {
    let (front, one) = Front::before_a_server().await;
    let two = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = only_id(&bob).await;
    front.set(Fate::AnswerLost);
    bob.accept(&id, alice.handle())
        .await
        .expect_code(502, "delivery_unknown");
    front.set(Fate::Arrives);
    let path = format!("/friends/{}", percent(alice.handle().as_str()));
    let ended = bob
        .call(Method::DELETE, &path, Some(revocation(&bob, alice.handle())))
        .await
        .expect(200);
    assert_eq!(ended.body, json!({ "success": true, "delivered": true }));
    assert!(alice.friends().await.is_empty() && bob.friends().await.is_empty());
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_what_was_accepted_without_an_answer_queues_the_other_side_to_be_told() {
    let (front, one) = Front::before_a_server().await;
    let two = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = only_id(&bob).await;
    front.set(Fate::AnswerLost);
    bob.accept(&id, alice.handle())
        .await
        .expect_code(502, "delivery_unknown");
    front.set(Fate::Arrives);
    let body = envelope(&bob, Kind::FriendReject, alice.handle());
    let rejected = bob.post(&format!("/friends/invitations/{id}/reject"), body).await;
    assert_eq!(
        rejected.expect(200).body,
        json!({ "success": true, "delivered": false })
    );
    assert!(bob.friends().await.is_empty() && open(&bob).await.is_empty());
    assert_eq!(
        alice.friends().await,
        [friend(bob.handle(), "accepted")],
        "she knew already"
    );

    let pending = bob.get("/users/me/revocations/pending").await.expect(200);
    assert_eq!(pending.body["revocations"][0]["peerHandle"], alice.handle().as_str());
    let (signature, nonce, timestamp) = bob.sign(Kind::RelationshipRevoke, alice.handle());
    let item = json!({
        "peerHandle": alice.handle().as_str(),
        "signature": signature,
        "nonce": nonce,
        "timestamp": timestamp,
    });
    let flushed = bob
        .post("/users/me/revocations/flush", json!({ "items": [item] }))
        .await
        .expect(200);
    assert_eq!(flushed.body["results"][0]["delivered"], true);
    assert!(alice.friends().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_attempt_may_have_achieved_is_not_undone_by_a_later_one_that_is_refused() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let (invited, inviting) = (server.user("invited"), server.user("inviting"));
    server
        .send(&app, &inviting, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    let id = only_id(&alice).await;
    server.set(Manner::Swallow);
    alice.invite(&invited.handle).await.expect_code(502, "delivery_unknown");
    alice
        .accept(&id, &inviting.handle)
        .await
        .expect_code(502, "delivery_unknown");
    server.set(Manner::Refuse(400, "unknown_sender"));
    alice.invite(&invited.handle).await.expect_code(502, "peer_refused");
    alice
        .accept(&id, &inviting.handle)
        .await
        .expect_code(502, "peer_refused");
    assert!(
        open(&alice)
            .await
            .contains(&row("outgoing", &invited.handle, "sending"))
    );
    assert_eq!(alice.friends().await, [friend(&inviting.handle, "accepting")]);

    server.set(Manner::Refuse(400, "no_invitation"));
    alice
        .accept(&id, &inviting.handle)
        .await
        .expect_code(502, "peer_refused");
    assert!(alice.friends().await.is_empty(), "the other side certainly has nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_something_in_between_sent_twice_has_arrived() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    server.set(Manner::Refuse(401, "replay"));
    alice.invite(&peer.handle).await.expect(200);
    assert_eq!(open(&alice).await, [row("outgoing", &peer.handle, "pending")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_whose_message_was_lost_says_so() {
    let (front, one) = Front::before_a_server().await;
    let two = TestApp::start().await;
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    super::befriend(&alice, &bob).await;
    front.set(Fate::Lost);
    let path = format!("/friends/{}", percent(alice.handle().as_str()));
    let ended = bob
        .call(Method::DELETE, &path, Some(revocation(&bob, alice.handle())))
        .await
        .expect(200);
    assert_eq!(ended.body, json!({ "success": true, "delivered": false }));
    assert!(bob.friends().await.is_empty());
    assert_eq!(alice.friends().await, [friend(bob.handle(), "accepted")]);
}
