use parchment_server::store::entities::sessions;
use reqwest::Method;
use serde_json::json;

use super::{new_code, redeem, sign_in};
use crate::support::{
    app::{TestApp, answer},
    rows,
};

const ALICE: &str = "alice@mail.example";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_newest_first_and_the_current_one_is_marked() {
    let app = TestApp::start().await;
    let mut tokens = Vec::new();
    for agent in ["first", "second", &"x".repeat(300)] {
        let code = new_code(&app, ALICE).await;
        let request = app
            .http
            .post(app.url("/auth/sessions"))
            .header("content-type", "application/json");
        let request = request
            .header("user-agent", agent)
            .body(sign_in(ALICE, &code).to_string());
        tokens.push(
            answer(request).await.expect(201).body["token"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let list = answer(app.http.get(app.url("/auth/sessions")).bearer_auth(&tokens[1]))
        .await
        .expect(200);
    let rows = list.body.as_array().unwrap();
    let agents: Vec<&str> = rows.iter().map(|row| row["userAgent"].as_str().unwrap()).collect();
    assert_eq!(agents, ["x".repeat(256).as_str(), "second", "first"]);
    let current: Vec<bool> = rows.iter().map(|row| row["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true, false]);
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in ["id", "userId", "createdAt", "expiresAt", "ipv4", "userAgent", "current"] {
        assert!(rows[0].get(name).is_some(), "{name}");
    }
    assert_eq!(rows[0]["ipv4"], "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_is_told_and_who_is_not_gets_nothing() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let current = alice.get("/auth/sessions/current").await.expect(200).body;
    let subscription = json!({ "isPremium": true, "isBasic": false, "hasSubscription": false, "tier": "premium" });
    assert_eq!(current["subscription"], subscription);
    assert_eq!(
        (&current["token"], &current["user"]["id"]),
        (&json!(alice.token), &json!(alice.id))
    );
    assert_eq!(current.as_object().unwrap().len(), 3);
    let nobody = app.call(Method::GET, "/auth/sessions/current", None).await.expect(204);
    assert_eq!(nobody.text, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_by_the_bearer_scheme_in_any_case_and_no_other() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let list = async |authorization: String| {
        answer(
            app.http
                .get(app.url("/auth/sessions"))
                .header("authorization", authorization),
        )
        .await
    };
    for scheme in ["Bearer", "bearer", "BEARER"] {
        list(format!("{scheme} {}", alice.token)).await.expect(200);
    }
    let token = &alice.token;
    for wrong in [
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer{token}"),
        format!("Bearer {}", &token[1..]),
    ] {
        list(wrong).await.expect_code(401, "signed_out");
    }
    list(format!("Bearer {}", token.to_uppercase()))
        .await
        .expect_code(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_a_session_ends_that_one() {
    let app = TestApp::start().await;
    let (here, there) = (app.sign_in(ALICE).await, {
        let code = new_code(&app, ALICE).await;
        redeem(&app, ALICE, &code).await.expect(201).body["token"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    let list = here.get("/auth/sessions").await.expect(200).body;
    let other = list
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["current"] == false)
        .unwrap();
    let path = format!("/auth/sessions/{}", other["id"].as_str().unwrap());
    let ended = here.call(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(ended.text, "");
    here.call(Method::DELETE, &path, None)
        .await
        .expect_code(404, "not_found");
    answer(app.http.get(app.url("/auth/sessions")).bearer_auth(there))
        .await
        .expect_code(401, "signed_out");
    assert_eq!(
        here.get("/auth/sessions")
            .await
            .expect(200)
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_callers_session_and_works_when_signed_out_too() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in("bob@mail.example").await);
    alice.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    alice.get("/auth/sessions").await.expect_code(401, "signed_out");
    alice.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    app.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    bob.get("/auth/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_extends_a_session_to_thirty_days_and_at_most_once_a_day() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let row = async || rows::all::<sessions::Entity>(&app).await.remove(0);
    let fresh = row().await;
    assert_eq!(
        (fresh.expires_at - fresh.created_at, fresh.extended_at),
        (30 * DAY_MS, fresh.created_at)
    );

    let almost = DAY_MS - 60_000;
    rows::change(
        &app,
        &format!("UPDATE sessions SET extended_at = extended_at - {almost}, expires_at = expires_at - {almost}"),
    )
    .await;
    let before = row().await;
    alice.get("/auth/sessions/current").await.expect(200);
    assert_eq!(row().await, before, "not yet");

    rows::change(
        &app,
        "UPDATE sessions SET extended_at = extended_at - 60000, expires_at = expires_at - 60000",
    )
    .await;
    alice.get("/auth/sessions/current").await.expect(200);
    let extended = row().await;
    assert!(extended.extended_at >= fresh.extended_at);
    assert_eq!(extended.expires_at - extended.extended_at, 30 * DAY_MS);
    alice.get("/auth/sessions/current").await.expect(200);
    assert_eq!(row().await, extended, "once a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_over_is_signed_out_and_not_extended() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    rows::change(
        &app,
        "UPDATE sessions SET expires_at = extended_at - 1, extended_at = extended_at - 86400000",
    )
    .await;
    alice.get("/auth/sessions/current").await.expect(204);
    alice.get("/auth/sessions").await.expect_code(401, "signed_out");
    alice.get("/friends").await.expect_code(401, "signed_out");
    let rows = rows::all::<sessions::Entity>(&app).await;
    assert!(
        rows.iter().all(|row| row.expires_at < row.created_at),
        "whether swept or not, it is not alive again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_a_restart() {
    let mut app = TestApp::start().await;
    let token = app.sign_in(ALICE).await.token;
    app.restart().await;
    answer(app.http.get(app.url("/auth/sessions")).bearer_auth(token))
        .await
        .expect(200);
}
