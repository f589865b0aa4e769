//! Accounts that are switched off.

use parchment_core::envelope::Kind;
use parchment_server::{
    administration::users,
    auth::codes,
    config::{Registration, Switch},
    http::problem::Problem,
    store::entities::{login_code_sends, login_codes, sessions},
};
use reqwest::Method;
use serde_json::json;

use crate::support::{app::TestApp, rows, stranger::StrangeServer};

/// Switches an account off or on, as the command does.
async fn set(app: &TestApp, email: &str, on: bool) -> Result<bool, Problem> {
    let now = app.app().now();
    let done = app.app().store.write(async |tx| {
        let user = codes::find_user(tx, email).await?.unwrap();
        if on {
            users::enable(tx, &user).await
        } else {
            users::disable(tx, &user, now).await
        }
    });
    done.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_is_signed_out_and_cannot_come_back_until_enabled() {
    let app = TestApp::start().await;
    let (_admin, bob) = (app.person("alice").await, app.person("bob").await);
    let pending = app.sign_in("bob@mail.example").await;
    app.call(
        Method::POST,
        "/auth/verify",
        Some(json!({ "email": "bob@mail.example" })),
    )
    .await
    .expect(201);
    assert!(set(&app, "bob@mail.example", false).await.unwrap());
    assert!(!set(&app, "bob@mail.example", false).await.unwrap(), "once is enough");
    for person in [&bob, &pending] {
        person.get("/auth/sessions").await.expect_code(401, "signed_out");
    }
    assert_eq!(
        rows::count::<login_codes::Entity>(&app).await,
        0,
        "a code that was under way is void"
    );
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
    // A session that somebody forgot to end opens nothing either.
    assert!(set(&app, "bob@mail.example", true).await.unwrap());
    let again = app.sign_in("bob@mail.example").await;
    rows::change(
        &app,
        "UPDATE users SET disabled_at = 1 WHERE email = 'bob@mail.example'",
    )
    .await;
    again.get("/auth/sessions").await.expect_code(401, "signed_out");
    rows::change(&app, "UPDATE users SET disabled_at = NULL").await;
    again.get("/auth/sessions").await.expect(200);
    assert_eq!(again.id, bob.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_code_of_a_disabled_user_is_answered_and_recorded_like_that_of_somebody_unknown() {
    let app = TestApp::start_with(|settings| {
        settings.registration = Registration::Invite;
        settings.rate_limits = Switch::Off;
    })
    .await;
    let admin = app.sign_in("alice@mail.example").await;
    let body = json!({ "firstName": "", "lastName": "", "email": "bob@mail.example" });
    admin.post("/users", body).await.expect(200);
    app.sign_in("bob@mail.example").await;
    set(&app, "bob@mail.example", false).await.unwrap();
    let mailed = app.mailed_codes("bob@mail.example").len();
    let sent = rows::count::<login_code_sends::Entity>(&app).await;
    let mut answers = Vec::new();
    for email in ["bob@mail.example", "nobody@mail.example"] {
        let asked = app
            .call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
            .await;
        let tried = json!({ "method": "otp", "email": email, "token": "00000000" });
        let tried = app.call(Method::POST, "/auth/sessions", Some(tried)).await;
        answers.push((asked.status, asked.text, tried.status, tried.text));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 201);
    assert_eq!(rows::count::<login_code_sends::Entity>(&app).await, sent + 2);
    assert_eq!(rows::count::<login_codes::Entity>(&app).await, 2);
    // Mail that was going to be sent would have been handed over before the answer.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(app.mailed_codes("bob@mail.example").len(), mailed);
}

#[tokio::test(flavor = "multi_thread")]
async fn even_the_right_code_does_not_open_a_disabled_account() {
    let app = TestApp::start().await;
    app.sign_in("alice@mail.example").await;
    let bob = app.sign_in("bob@mail.example").await;
    rows::change(&app, "DELETE FROM login_codes").await;
    app.call(
        Method::POST,
        "/auth/verify",
        Some(json!({ "email": "bob@mail.example" })),
    )
    .await
    .expect(201);
    // As when the account is switched off by another process between the code and its use.
    rows::change(
        &app,
        "UPDATE users SET disabled_at = 1 WHERE email = 'bob@mail.example'",
    )
    .await;
    let mut codes = app.mailed_codes("bob@mail.example");
    while codes.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        codes = app.mailed_codes("bob@mail.example");
    }
    for code in codes {
        let body = json!({ "method": "otp", "email": "bob@mail.example", "token": code });
        app.call(Method::POST, "/auth/sessions", Some(body))
            .await
            .expect_code(401, "otp_invalid");
    }
    bob.get("/auth/sessions").await.expect_code(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_cannot_be_disabled_and_a_disabled_admin_does_not_count() {
    let app = TestApp::start().await;
    let (alice, bob) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("bob@mail.example").await,
    );
    let refused = set(&app, "alice@mail.example", false).await.unwrap_err();
    assert_eq!(refused.code(), "last_admin");
    alice.get("/users").await.expect(200);
    super::set_roles(&alice, &bob, &["admin"]).await;
    set(&app, "bob@mail.example", false).await.unwrap();
    let refused = super::patch(&alice, &alice.id, json!({ "roles": ["user"] })).await;
    refused.expect_code(409, "last_admin");
    // Taking the role from somebody who could not use it takes no admin away.
    super::patch(&alice, &bob.id, json!({ "roles": ["user"] }))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn towards_others_a_disabled_user_is_not_there_and_enabled_she_is_as_before() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let (friend, other) = (server.user("friend"), server.user("other"));
    bob.invite(&friend.handle).await.expect(200);
    server
        .send(&app, &friend, Kind::FriendAccept, bob.handle())
        .await
        .expect(202);
    bob.invite(alice.handle()).await.expect(200);
    alice.accept(&alice.incoming().await[0], bob.handle()).await.expect(200);
    let document = app
        .call(Method::GET, "/.well-known/user/bob", None)
        .await
        .expect(200)
        .body;

    set(&app, "bob@mail.example", false).await.unwrap();
    app.call(Method::GET, "/.well-known/user/bob", None)
        .await
        .expect_code(404, "not_found");
    let path = format!("/friends/resolve/{}", bob.handle());
    alice.get(&path).await.expect_code(404, "unknown_handle");
    server
        .send(&app, &other, Kind::FriendInvite, bob.handle())
        .await
        .expect_code(400, "unknown_recipient");
    let carol = app.person("carol").await;
    carol.invite(bob.handle()).await.expect_code(404, "unknown_handle");
    assert_eq!(alice.friends().await.len(), 1, "those who know her keep her");

    set(&app, "bob@mail.example", true).await.unwrap();
    let bob = app.sign_in("bob@mail.example").await;
    let now = app
        .call(Method::GET, "/.well-known/user/bob", None)
        .await
        .expect(200)
        .body;
    assert_eq!(now, document);
    assert_eq!(bob.friends().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_something_reaches_a_disabled_user_too() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (_admin, bob) = (app.person("alice").await, app.person("bob").await);
    let (friend, asked) = (server.user("friend"), server.user("asked"));
    for peer in [&friend, &asked] {
        bob.invite(&peer.handle).await.expect(200);
    }
    server
        .send(&app, &friend, Kind::FriendAccept, bob.handle())
        .await
        .expect(202);
    set(&app, "bob@mail.example", false).await.unwrap();
    server
        .send(&app, &friend, Kind::RelationshipRevoke, bob.handle())
        .await
        .expect(202);
    server
        .send(&app, &asked, Kind::FriendReject, bob.handle())
        .await
        .expect(202);
    set(&app, "bob@mail.example", true).await.unwrap();
    let bob = app.sign_in("bob@mail.example").await;
    assert!(bob.friends().await.is_empty());
    let open = bob.get("/friends/invitations").await.expect(200).body;
    assert_eq!(open["invitations"], json!([]));
}
