use parchment_core::envelope::Kind;
use parchment_server::store::entities::alias_reservations;
use reqwest::Method;
use serde_json::json;

use super::{pending, start_over};
use crate::support::{
    app::{Answer, Person, TestApp, answer},
    crowd::at_once,
    rows,
    stranger::StrangeServer,
};

async fn take(person: &Person<'_>, alias: &str) -> Answer {
    person
        .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": alias })))
        .await
}

async fn published(app: &TestApp, alias: &str) -> Answer {
    app.call(Method::GET, &format!("/.well-known/user/{alias}"), None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_3_to_30_letters_digits_or_underscores() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let too_long = "a".repeat(31);
    for wrong in [
        "",
        "ab",
        &too_long,
        "al ice",
        "al-ice",
        "al.ice",
        "alice@home",
        "älice",
        "alice\n",
        "ａlice",
        "../etc",
    ] {
        take(&alice, wrong).await.expect_code(400, "invalid_alias");
    }
    for right in ["abc", &"a".repeat(30), "___", "007", "Alice_B"] {
        let taken = take(&alice, right).await.expect(200);
        assert_eq!(
            taken.body,
            json!({ "alias": right, "handle": format!("{right}@{}", app.id) })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_unique_in_whatever_case_and_found_in_its_own_alone() {
    let app = TestApp::start().await;
    let (_alice, bob) = (app.person("Alice").await, app.person("bob").await);
    for spelling in ["Alice", "alice", "ALICE", "aLiCe"] {
        take(&bob, spelling).await.expect_code(409, "alias_taken");
    }
    let found = published(&app, "Alice").await.expect(200);
    assert_eq!(found.body["handle"], format!("Alice@{}", app.id));
    for spelling in ["alice", "ALICE", "aLiCe"] {
        published(&app, spelling).await.expect_code(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_once_used_stays_reserved_to_its_user() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    take(&alice, "alicia").await.expect(200);
    published(&app, "alice").await.expect_code(404, "not_found");
    published(&app, "alicia").await.expect(200);
    take(&bob, "Alice").await.expect_code(409, "alias_taken");
    start_over(&alice).await.expect(200);
    take(&bob, "alice").await.expect_code(409, "alias_taken");
    take(&alice, "ALICE").await.expect(200);
    take(&bob, "alicia").await.expect_code(409, "alias_taken");
    assert_eq!(rows::count::<alias_reservations::Entity>(&app).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_the_alias_one_has_changes_nothing_even_when_others_know_it() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    take(&alice, "alice").await.expect(200);
    take(&alice, "Alice").await.expect_code(409, "alias_in_use");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_that_others_know_cannot_change_until_they_forget_it() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let peer = server.user("peer");
    let refused = async || take(&alice, "alicia").await.expect_code(409, "alias_in_use");
    let end = format!("/friends/{}", peer.handle);

    // She invited somebody.
    alice.invite(&peer.handle).await.expect(200);
    refused().await;
    // They are friends.
    server
        .send(&app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    refused().await;
    alice.call(Method::DELETE, &end, None).await.expect(200);
    // Somebody invited her.
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    refused().await;
    // Somebody has still to be told of a reset.
    start_over(&alice).await.expect(200);
    assert_eq!(pending(&alice).await, [peer.handle.to_string()]);
    refused().await;
    let entry = format!("/users/me/revocations/pending/{}", peer.handle);
    alice.call(Method::DELETE, &entry, None).await.expect(200);
    take(&alice, "alicia").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_one_alias_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let mut requests = Vec::new();
    for n in 0..20 {
        let person = app.sign_in(&format!("somebody{n}@mail.example")).await;
        let alias = ["alice", "Alice", "ALICE"][n % 3];
        let request = app.http.patch(app.url("/users/me/alias")).bearer_auth(&person.token);
        let request = request
            .header("content-type", "application/json")
            .body(json!({ "alias": alias }).to_string());
        requests.push(async move { answer(request).await.status });
    }
    let mut statuses = at_once(requests.into_iter()).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![409; 19]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_reserves_ten_aliases_over_time_and_can_go_back_to_each() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    for n in 0..10 {
        take(&alice, &format!("alice_{n}")).await.expect(200);
    }
    take(&alice, "alice_10").await.expect_code(409, "too_many_aliases");
    take(&alice, "alice_3").await.expect(200);
    take(&alice, "ALICE_7").await.expect(200);
    assert_eq!(rows::count::<alias_reservations::Entity>(&app).await, 10);
    let bob = app.sign_in("bob@mail.example").await;
    take(&bob, "alice_10").await.expect(200);
}
