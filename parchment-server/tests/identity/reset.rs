use parchment_core::envelope::Kind;
use parchment_server::store::entities::{friendships, invitations, revocations, sessions, user_roles};
use reqwest::Method;
use serde_json::{Value, json};

use super::{pending, start_over};
use crate::support::{
    app::{TestApp, answer},
    crowd::{at_once, read_then_write},
    rows,
    stranger::{Manner, StrangeServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_exact_words_nothing_is_reset() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let bodies = [
        json!({ "confirm": "erase all my data" }),
        json!({ "confirm": "Erase-All-My-Data" }),
        json!({ "confirm": "" }),
        json!({ "confirm": null }),
        json!({ "confirm": true }),
        json!({ "confirm": ["erase-all-my-data"] }),
        json!({ "confirm": "erase-all-my-data", "really": true }),
        json!({}),
    ];
    for body in bodies {
        alice
            .post("/users/me/identity/reset", body)
            .await
            .expect_code(422, "invalid_body");
    }
    let identity = alice.get("/users/me/identity").await.expect(200).body;
    assert!(identity["signingKey"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_elsewhere_is_queued_once_and_nobody_here() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob, carol) = (
        app.person("alice").await,
        app.person("bob").await,
        app.person("carol").await,
    );
    let [friend, invited, inviting, crossing, accepting] =
        ["friend", "invited", "inviting", "crossing", "accepting"].map(|alias| server.user(alias));
    for peer in [&friend, &invited, &crossing] {
        alice.invite(&peer.handle).await.expect(200);
    }
    server
        .send(&app, &friend, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    for peer in [&inviting, &crossing, &accepting] {
        server
            .send(&app, peer, Kind::FriendInvite, alice.handle())
            .await
            .expect(202);
    }
    server.set(Manner::Swallow);
    let id = alice.incoming().await.pop().unwrap();
    alice
        .accept(&id, &accepting.handle)
        .await
        .expect_code(502, "delivery_unknown");
    alice.invite(bob.handle()).await.expect(200);
    let id = bob.incoming().await.remove(0);
    bob.accept(&id, alice.handle()).await.expect(200);
    carol.invite(alice.handle()).await.expect(200);

    start_over(&alice).await.expect(200);
    let mut queued = pending(&alice).await;
    queued.sort();
    let mut expected = [&friend, &invited, &inviting, &crossing, &accepting].map(|peer| peer.handle.to_string());
    expected.sort();
    assert_eq!(queued, expected);
    assert_eq!(
        rows::count::<friendships::Entity>(&app).await,
        0,
        "on this server both sides go at once"
    );
    assert_eq!(rows::count::<invitations::Entity>(&app).await, 0);

    start_over(&alice).await.expect(200);
    assert_eq!(pending(&alice).await.len(), 5, "what waits goes on waiting, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_handle_is_never_queued() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let own = alice.handle();
    let row = format!(
        "INSERT INTO invitations (id, user_id, peer_handle, direction, status, created_at) \
         SELECT {}, id, '{own}', 'incoming', 'pending', 1 FROM users",
        rows::new_id()
    );
    rows::change(&app, &row).await;
    start_over(&alice).await.expect(200);
    assert!(pending(&alice).await.is_empty());
    assert_eq!(rows::count::<invitations::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn alias_roles_and_the_callers_session_stay_and_all_else_goes() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let elsewhere = app
        .call(
            Method::POST,
            "/auth/verify",
            Some(json!({ "email": "alice@mail.example" })),
        )
        .await;
    elsewhere.expect(201);
    while app.mailed_codes("alice@mail.example").len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let code = app.code_for("alice@mail.example").await;
    let body = json!({ "method": "otp", "email": "alice@mail.example", "token": code });
    let other = app
        .call(Method::POST, "/auth/sessions", Some(body))
        .await
        .expect(201)
        .body;
    let other = other["token"].as_str().unwrap();
    rows::change(&app, "UPDATE users SET km_version = 7").await;
    let roles = rows::all::<user_roles::Entity>(&app).await;

    assert_eq!(start_over(&alice).await.expect(200).body, json!({ "success": true }));
    let user = alice.get("/auth/sessions/current").await.expect(200).body["user"].clone();
    assert_eq!((&user["alias"], &user["kmVersion"]), (&json!("alice"), &json!(1)));
    assert_eq!(
        (&user["signingKey"], &user["encryptionKey"]),
        (&Value::Null, &Value::Null)
    );
    let lost = answer(app.http.get(app.url("/auth/sessions")).bearer_auth(other)).await;
    lost.expect_code(401, "signed_out");
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
    assert_eq!(rows::all::<user_roles::Entity>(&app).await, roles);
    app.call(Method::GET, "/.well-known/user/alice", None)
        .await
        .expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_touches_nobody_else() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let peer = server.user("peer");
    alice.invite(&peer.handle).await.expect(200);
    bob.invite(&peer.handle).await.expect(200);
    start_over(&alice).await.expect(200);
    assert!(pending(&bob).await.is_empty());
    let list = bob.get("/friends/invitations").await.expect(200).body;
    assert_eq!(list["invitations"].as_array().unwrap().len(), 1);
    assert!(bob.get("/users/me/identity").await.expect(200).body["signingKey"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_resets_at_once_are_one() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    for n in 0..5 {
        alice.invite(&server.user(&format!("peer{n}")).handle).await.expect(200);
    }
    let resets: Vec<_> = (0..20)
        .map(|_| {
            let request = app
                .http
                .post(app.url("/users/me/identity/reset"))
                .bearer_auth(&alice.token);
            let request = request.header("content-type", "application/json");
            let request = request.body(json!({ "confirm": "erase-all-my-data" }).to_string());
            async move { answer(request).await.status }
        })
        .collect();
    assert_eq!(at_once(resets.into_iter()).await, [200; 20]);
    assert_eq!(rows::count::<revocations::Entity>(&app).await, 5);
    assert_eq!(rows::count::<invitations::Entity>(&app).await, 0);
    alice.get("/auth/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sessions_that_reset_at_once_one_stays() {
    for round in 0..5 {
        let app = TestApp::start().await;
        let alice = app.person("alice").await;
        // A second session of hers, as if she had signed in elsewhere.
        let bob = app.sign_in("bob@mail.example").await;
        let move_over = "UPDATE sessions SET user_id = (SELECT id FROM users WHERE email_key LIKE 'alice@%')";
        rows::change(&app, move_over).await;
        let (first, second) = tokio::join!(start_over(&alice), start_over(&bob));
        let seen = [first.status, second.status];
        assert!(
            seen.contains(&200) && seen.iter().all(|status| [200, 401].contains(status)),
            "{seen:?}"
        );
        assert_eq!(
            rows::count::<sessions::Entity>(&app).await,
            1,
            "round {round}: {seen:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_reset_ended_registers_no_keys_and_takes_no_alias_after_it() {
    for path in ["/users/me/keys", "/users/me/alias"] {
        let app = TestApp::start().await;
        let alice = app.person("alice").await;
        // A second session of hers, as if she had signed in elsewhere.
        let other = app.sign_in("bob@mail.example").await;
        let move_over = "UPDATE sessions SET user_id = (SELECT id FROM users WHERE email_key LIKE 'alice@%')";
        rows::change(&app, move_over).await;
        let before = alice.get("/users/me/identity").await.expect(200).body;
        let (method, body) = match path {
            "/users/me/alias" => (Method::PATCH, json!({ "alias": "mallory" })),
            _ => {
                let keys = json!({ "signingKey": before["signingKey"], "encryptionKey": before["encryptionKey"] });
                (Method::PUT, keys)
            }
        };
        let (reset, late) = read_then_write(&app, start_over(&alice), other.call(method, path, Some(body))).await;
        reset.expect(200);
        let after = alice.get("/users/me/identity").await.expect(200).body;
        assert_eq!(
            (&after["signingKey"], &after["handle"]),
            (&Value::Null, &before["handle"]),
            "{}",
            late.text
        );
        assert_eq!((late.status, late.code()), (401, "signed_out"));
    }
}
