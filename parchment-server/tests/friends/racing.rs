use parchment_core::{envelope::Kind, handle::Handle};
use parchment_server::store::entities::{friendships, invitations};
use reqwest::Method;
use serde_json::json;

use super::{befriend, envelope, friend, invitation, only_id, open, revocation, row};
use crate::support::{
    app::{Person, TestApp, answer},
    crowd::{at_once, read_then_write},
    rows,
    stranger::StrangeServer,
};

const CROWD: usize = 20;

/// The statuses of so many requests of one person at the same moment, sorted.
async fn statuses(person: &Person<'_>, path: &str, body: impl Fn() -> serde_json::Value) -> Vec<u16> {
    let requests: Vec<_> = (0..CROWD)
        .map(|_| {
            let request = person.app.http.post(person.app.url(path)).bearer_auth(&person.token);
            let request = request
                .header("content-type", "application/json")
                .body(body().to_string());
            async move { answer(request).await.status }
        })
        .collect();
    let mut statuses = at_once(requests.into_iter()).await;
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_of_one_pair_on_one_server_at_once_make_one() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let seen = statuses(
        &alice,
        "/friends/invite",
        || json!({ "handle": bob.handle().as_str(), "signature": "" }),
    )
    .await;
    assert_eq!(seen, [vec![200], vec![409; CROWD - 1]].concat());
    assert_eq!(open(&alice).await, [row("outgoing", bob.handle(), "pending")]);
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_of_one_pair_across_servers_at_once_make_one() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    let seen = statuses(&alice, "/friends/invite", || invitation(&alice, bob.handle())).await;
    assert!(
        seen.contains(&200) && seen.iter().all(|status| [200, 409].contains(status)),
        "{seen:?}"
    );
    assert_eq!(open(&alice).await, [row("outgoing", bob.handle(), "pending")]);
    assert_eq!(open(&bob).await, [row("incoming", alice.handle(), "pending")]);
    assert_eq!(rows::count::<invitations::Entity>(&one).await, 1);
    assert_eq!(rows::count::<invitations::Entity>(&two).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptances_of_one_invitation_on_one_server_at_once_make_one_friendship() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let path = format!("/friends/invitations/{}/accept", only_id(&bob).await);
    let seen = statuses(&bob, &path, || json!({})).await;
    assert_eq!(seen, [vec![200], vec![404; CROWD - 1]].concat());
    assert_eq!(rows::count::<friendships::Entity>(&app).await, 2);
    assert_eq!(rows::count::<invitations::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptances_of_one_invitation_across_servers_at_once_make_one_friendship() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let path = format!("/friends/invitations/{}/accept", only_id(&bob).await);
    let seen = statuses(&bob, &path, || envelope(&bob, Kind::FriendAccept, alice.handle())).await;
    assert!(
        seen.contains(&200) && seen.iter().all(|status| [200, 404].contains(status)),
        "{seen:?}"
    );
    assert_eq!(alice.friends().await, [friend(bob.handle(), "accepted")]);
    assert_eq!(bob.friends().await, [friend(alice.handle(), "accepted")]);
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_accept_each_other_at_once_become_friends_once() {
    for same_server in [true, false] {
        let (one, two) = (TestApp::start().await, TestApp::start().await);
        let other = if same_server { &one } else { &two };
        let (alice, bob) = (one.person("alice").await, other.person("bob").await);
        alice.invite(bob.handle()).await.expect(200);
        bob.invite(alice.handle()).await.expect(200);
        let (at_alice, at_bob) = (alice.incoming().await.remove(0), bob.incoming().await.remove(0));
        let (first, second) = tokio::join!(
            alice.accept(&at_alice, bob.handle()),
            bob.accept(&at_bob, alice.handle())
        );
        let seen = [first.status, second.status];
        assert!(
            seen.contains(&200) && seen.iter().all(|status| [200, 404].contains(status)),
            "{seen:?}"
        );
        assert_eq!(alice.friends().await, [friend(bob.handle(), "accepted")]);
        assert_eq!(bob.friends().await, [friend(alice.handle(), "accepted")]);
        assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_and_taking_back_at_once_leaves_both_sides_agreed_on_one_server() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    for _ in 0..10 {
        alice.invite(bob.handle()).await.expect(200);
        let (sent, received) = (only_id(&alice).await, only_id(&bob).await);
        let cancel = format!("/friends/invitations/{sent}");
        let (_, _) = tokio::join!(
            alice.call(Method::DELETE, &cancel, None),
            bob.accept(&received, alice.handle())
        );
        assert_eq!(alice.friends().await.len(), bob.friends().await.len());
        assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
        if !alice.friends().await.is_empty() {
            let path = format!("/friends/{}", bob.handle());
            alice.call(Method::DELETE, &path, None).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unfriending_from_both_sides_at_once_succeeds_for_both_or_finds_nothing() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    befriend(&alice, &bob).await;
    let (of_alice, of_bob) = (
        format!("/friends/{}", bob.handle()),
        format!("/friends/{}", alice.handle()),
    );
    let (first, second) = tokio::join!(
        alice.call(Method::DELETE, &of_alice, None),
        bob.call(Method::DELETE, &of_bob, None)
    );
    let mut seen = [first.status, second.status];
    seen.sort_unstable();
    assert_eq!(seen, [200, 404]);
    assert_eq!(rows::count::<friendships::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_and_rejecting_at_once_leaves_both_sides_agreed_or_one_to_be_told() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    for round in 0..10 {
        let (alice, bob) = (
            one.person(&format!("alice{round}")).await,
            two.person(&format!("bob{round}")).await,
        );
        alice.invite(bob.handle()).await.expect(200);
        let id = only_id(&bob).await;
        let requests: Vec<_> = (0..8)
            .map(|n| {
                let (answer_is, kind) = [("accept", Kind::FriendAccept), ("reject", Kind::FriendReject)][n % 2];
                let url = two.url(&format!("/friends/invitations/{id}/{answer_is}"));
                let request = two
                    .http
                    .post(url)
                    .bearer_auth(&bob.token)
                    .header("content-type", "application/json");
                let request = request.body(envelope(&bob, kind, alice.handle()).to_string());
                async move { (answer_is, answer(request).await.status) }
            })
            .collect();
        let seen = at_once(requests.into_iter()).await;
        let (hers, his) = (alice.friends().await, bob.friends().await);
        assert!(
            hers.len() == his.len() || his.is_empty() && is_to_be_told(&bob, alice.handle()).await,
            "round {round}: {seen:?}"
        );
    }
}

/// Whether somebody has a revocation for a peer to send.
async fn is_to_be_told(person: &Person<'_>, peer: &Handle) -> bool {
    let pending = person.get("/users/me/revocations/pending").await.expect(200);
    pending.body["revocations"][0]["peerHandle"] == peer.as_str()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_was_accepted_just_before_it_is_taken_back_tells_nobody_of_an_end_that_is_none() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    alice.invite(&peer.handle).await.expect(200);
    let path = format!("/friends/invitations/{}", only_id(&alice).await);
    let (accepted, cancelled) = read_then_write(
        &app,
        server.send(&app, &peer, Kind::FriendAccept, alice.handle()),
        alice.call(Method::DELETE, &path, Some(revocation(&alice, &peer.handle))),
    )
    .await;
    accepted.expect(202);
    let (is_friend, was_told) = (
        !alice.friends().await.is_empty(),
        server.kinds().contains(&Kind::RelationshipRevoke),
    );
    assert_ne!(
        is_friend, was_told,
        "taking back said {} {}",
        cancelled.status, cancelled.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_back_what_was_accepted_just_before_does_not_say_that_it_took_effect() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let (sent, received) = (only_id(&alice).await, only_id(&bob).await);
    let path = format!("/friends/invitations/{sent}");
    let (accepted, cancelled) = read_then_write(
        &app,
        bob.accept(&received, alice.handle()),
        alice.call(Method::DELETE, &path, None),
    )
    .await;
    accepted.expect(200);
    assert_eq!(
        cancelled.status == 200,
        alice.friends().await.is_empty(),
        "{}",
        cancelled.text
    );
    assert_eq!(alice.friends().await.len(), bob.friends().await.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn rejecting_what_is_being_accepted_does_not_say_that_it_took_effect() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = only_id(&bob).await;
    let path = format!("/friends/invitations/{id}/reject");
    let (accepted, rejected) = read_then_write(
        &two,
        bob.accept(&id, alice.handle()),
        bob.post(&path, envelope(&bob, Kind::FriendReject, alice.handle())),
    )
    .await;
    let agreed = alice.friends().await.len() == bob.friends().await.len();
    assert!(agreed || is_to_be_told(&bob, alice.handle()).await);
    let seen = [accepted.status, rejected.status];
    assert_eq!(rejected.status == 200, bob.friends().await.is_empty(), "{seen:?}");
}
