use parchment_core::{envelope::Kind, handle::Handle, keys::SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use super::{as_query, befriend, friend, only_id, open, percent, revocation};
use crate::support::{
    app::{Answer, Person, TestApp, random},
    stranger::{Manner, StrangeServer, Stranger},
};

fn ended(answer: Answer) -> bool {
    let body = answer.expect(200).body;
    assert_eq!(
        (body.as_object().unwrap().len(), &body["success"]),
        (2, &json!(true)),
        "{body}"
    );
    body["delivered"].as_bool().unwrap()
}

async fn unfriend(person: &Person<'_>, friend: &Handle, body: Option<Value>) -> bool {
    ended(
        person
            .call(Method::DELETE, &format!("/friends/{}", percent(friend.as_str())), body)
            .await,
    )
}

/// Makes friends of a local user and one of a server that the test plays.
async fn befriend_stranger(app: &TestApp, alice: &Person<'_>, server: &StrangeServer, alias: &str) -> Stranger {
    let peer = server.user(alias);
    alice.invite(&peer.handle).await.expect(200);
    server
        .send(app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    assert_eq!(alice.friends().await, [friend(&peer.handle, "accepted")]);
    peer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friendship_ends_on_both_sides_signed_in_the_body_or_in_the_query() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    for in_query in [false, true] {
        befriend(&alice, &bob).await;
        let signed = revocation(&alice, bob.handle());
        let path = format!("/friends/{}", percent(bob.handle().as_str()));
        let answer = if in_query {
            alice
                .call(Method::DELETE, &format!("{path}?{}", as_query(&signed)), None)
                .await
        } else {
            alice.call(Method::DELETE, &path, Some(signed)).await
        };
        assert!(ended(answer), "in query: {in_query}");
        assert!(alice.friends().await.is_empty() && bob.friends().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_object_in_the_body_does_not_hide_what_is_signed_in_the_query() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let peer = befriend_stranger(&app, &alice, &server, "peer").await;
    let query = as_query(&revocation(&alice, &peer.handle));
    let path = format!("/friends/{}?{query}", percent(peer.handle.as_str()));
    assert!(ended(alice.call(Method::DELETE, &path, Some(json!({}))).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friendship_ends_here_whatever_the_other_server_says() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    for (n, manner) in [
        Manner::Swallow,
        Manner::Refuse(400, "unknown_recipient"),
        Manner::Refuse(500, "internal"),
    ]
    .into_iter()
    .enumerate()
    {
        server.set(Manner::Take);
        let peer = befriend_stranger(&app, &alice, &server, &format!("peer{n}")).await;
        server.set(manner);
        assert!(
            !unfriend(&alice, &peer.handle, Some(revocation(&alice, &peer.handle))).await,
            "{manner:?}"
        );
        assert!(alice.friends().await.is_empty());
    }
}

/// What stands in the body, made from the one who ends it, somebody else and the friend.
type BadBody = fn(&Person<'_>, &Person<'_>, &Handle) -> Option<Value>;

#[tokio::test(flavor = "multi_thread")]
async fn a_friendship_ends_here_however_bad_the_signature_and_nobody_is_told() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let stranger = app.person("bob").await;
    let cases: [BadBody; 5] = [
        |_, _, _| None,
        |_, _, _| Some(json!({})),
        |_, _, _| Some(json!({ "revoke_signature": "anything", "revoke_nonce": "x", "revoke_timestamp": "y" })),
        |_, bob, peer| Some(revocation(bob, peer)),
        |alice, _, peer| {
            let (signature, nonce, timestamp) = alice.sign_at(Kind::RelationshipRevoke, peer, -291_000);
            Some(json!({ "revoke_signature": signature, "revoke_nonce": nonce, "revoke_timestamp": timestamp }))
        },
    ];
    for (n, body) in cases.into_iter().enumerate() {
        let peer = befriend_stranger(&app, &alice, &server, &format!("peer{n}")).await;
        assert!(
            !unfriend(&alice, &peer.handle, body(&alice, &stranger, &peer.handle)).await,
            "case {n}"
        );
        assert!(alice.friends().await.is_empty());
    }
    assert!(server.kinds().iter().all(|kind| *kind == Kind::FriendInvite));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_told_can_be_told_later() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    befriend(&alice, &bob).await;
    assert!(!unfriend(&alice, bob.handle(), None).await);
    assert_eq!(bob.friends().await, [friend(alice.handle(), "accepted")]);
    assert!(unfriend(&alice, bob.handle(), Some(revocation(&alice, bob.handle()))).await);
    assert!(bob.friends().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_server_both_sides_end_at_once_without_a_signature() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    befriend(&alice, &bob).await;
    assert!(unfriend(&alice, bob.handle(), None).await);
    assert!(alice.friends().await.is_empty() && bob.friends().await.is_empty());

    alice.invite(bob.handle()).await.expect(200);
    let path = format!("/friends/invitations/{}", only_id(&alice).await);
    assert!(ended(alice.call(Method::DELETE, &path, None).await));
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());

    bob.invite(alice.handle()).await.expect(200);
    assert!(
        unfriend(&alice, bob.handle(), None).await,
        "an open invitation of the pair ends too"
    );
    assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_taken_back_on_both_sides_signed_in_the_body_or_in_the_query() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    for in_query in [false, true] {
        alice.invite(bob.handle()).await.expect(200);
        let signed = revocation(&alice, bob.handle());
        let path = format!("/friends/invitations/{}", only_id(&alice).await);
        let answer = if in_query {
            alice
                .call(Method::DELETE, &format!("{path}?{}", as_query(&signed)), None)
                .await
        } else {
            alice.call(Method::DELETE, &path, Some(signed)).await
        };
        assert!(ended(answer), "in query: {in_query}");
        assert!(open(&alice).await.is_empty() && open(&bob).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_taken_back_here_whatever_the_other_server_says() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (mut alice, peer) = (app.person("alice").await, server.user("peer"));
    for manner in [Manner::Swallow, Manner::Refuse(400, "stale_message"), Manner::Take] {
        server.set(Manner::Take);
        alice.invite(&peer.handle).await.expect(200);
        server.set(manner);
        let path = format!("/friends/invitations/{}", only_id(&alice).await);
        let told = ended(
            alice
                .call(Method::DELETE, &path, Some(revocation(&alice, &peer.handle)))
                .await,
        );
        assert_eq!(told, manner == Manner::Take, "{manner:?}");
        assert!(open(&alice).await.is_empty());
    }
    alice.invite(&peer.handle).await.expect(200);
    alice.key = SigningKey::from_seed(&random());
    let path = format!("/friends/invitations/{}", only_id(&alice).await);
    assert!(!ended(
        alice
            .call(Method::DELETE, &path, Some(revocation(&alice, &peer.handle)))
            .await
    ));
    assert!(open(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_ending_what_is_not_there() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    for handle in [bob.handle(), alice.handle(), &server.handle("peer")] {
        let path = format!("/friends/{}", percent(handle.as_str()));
        alice
            .call(Method::DELETE, &path, None)
            .await
            .expect_code(404, "not_found");
    }
    alice
        .call(Method::DELETE, "/friends/nonsense", None)
        .await
        .expect_code(400, "invalid_handle");
    let none = "/friends/invitations/01890000-0000-7000-8000-000000000000";
    alice
        .call(Method::DELETE, none, None)
        .await
        .expect_code(404, "not_found");
    alice
        .call(Method::DELETE, "/friends/invitations/nonsense", None)
        .await
        .expect_code(404, "not_found");
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_fit_ends_nothing() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    befriend(&alice, &bob).await;
    let path = format!("/friends/{}", percent(bob.handle().as_str()));
    for body in [
        json!({ "signature": "x" }),
        json!({ "revoke_signature": 1 }),
        json!([]),
        json!(null),
    ] {
        alice
            .call(Method::DELETE, &path, Some(body))
            .await
            .expect_code(422, "invalid_body");
    }
    assert_eq!(alice.friends().await, [friend(bob.handle(), "accepted")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_from_elsewhere_takes_all_of_its_pair_and_nothing_else() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let peer = befriend_stranger(&app, &alice, &server, "peer").await;
    let other = server.user("other");
    server
        .send(&app, &other, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    server
        .send(&app, &peer, Kind::RelationshipRevoke, alice.handle())
        .await
        .expect(202);
    assert!(alice.friends().await.is_empty());
    assert_eq!(open(&alice).await.len(), 1);
    server
        .send(&app, &peer, Kind::RelationshipRevoke, alice.handle())
        .await
        .expect(202);
    server
        .send(&app, &other, Kind::RelationshipRevoke, alice.handle())
        .await
        .expect(202);
    assert!(open(&alice).await.is_empty());
}
