use parchment_server::store::entities::{passkey_challenges, passkeys};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    app::{TestApp, answer},
    device::{Device, decode, withhold},
    rows,
};

const ALICE: &str = "alice@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn options_are_for_whichever_passkey_the_authenticator_finds() {
    let app = TestApp::start().await;
    let options = app.begin().await;
    assert_eq!(decode(&options["challenge"]).len(), 32);
    assert_eq!(
        (&options["rpId"], &options["userVerification"]),
        (&json!("localhost"), &json!("required"))
    );
    assert!(options.get("allowCredentials").is_none(), "{options}");
    let salt = "MeCGtrfvVLrwofC6pnJ60BGjMbNpBl-cDomzyalFoHY";
    assert_eq!(options["extensions"]["prf"]["eval"]["first"], salt);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_like_that_of_signing_in_with_a_code() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    alice.register(&device).await;
    let signed_in = app.sign_in_with(&device).await.expect(201);
    let token = signed_in.body["token"].as_str().unwrap();
    let cookie = format!("auth_session={token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    assert_eq!(signed_in.headers["set-cookie"], cookie.as_str());
    let current = alice.get("/auth/sessions/current").await.expect(200).body;
    assert_eq!(signed_in.body["user"], current["user"]);
    answer(app.http.get(app.url("/auth/sessions")).bearer_auth(token))
        .await
        .expect(200);

    let mut got = device.get(&app.origin(), &app.begin().await).await.unwrap();
    withhold(&mut got);
    let request = app
        .http
        .post(app.url("/auth/passkeys/authenticate/verify"))
        .bearer_auth("old");
    let request = request.header("content-type", "application/json").body(got.to_string());
    let by_bearer = answer(request).await.expect(201);
    assert!(!by_bearer.headers.contains_key("set-cookie"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_outlives_a_restart_and_so_does_a_challenge() {
    let mut app = TestApp::start().await;
    let device = Device::default();
    app.sign_in(ALICE).await.register(&device).await;
    let options = app.begin().await;
    app.restart().await;
    let mut got = device.get(&app.origin(), &options).await.unwrap();
    withhold(&mut got);
    app.finish(&got).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_of_a_passkey_that_counts_is_kept() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::counting();
    assert_eq!(alice.register(&device).await["counter"], 0);
    for used in 1..=3 {
        app.sign_in_with(&device).await.expect(201);
        assert_eq!(alice.get("/auth/passkeys").await.body[0]["counter"], used);
    }
    let row = &rows::all::<passkeys::Entity>(&app).await[0];
    assert!(row.last_used_at >= Some(row.created_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn challenges_that_nobody_answers_are_swept_away_after_five_minutes() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    app.begin().await;
    alice.begin_passkey().await;
    let now = app.app().now();
    let store = &app.app().store;
    parchment_server::auth::passkeys::sweep(store, now).await.unwrap();
    assert_eq!(rows::count::<passkey_challenges::Entity>(&app).await, 2);
    parchment_server::auth::passkeys::sweep(store, now.plus(300_000))
        .await
        .unwrap();
    assert_eq!(rows::count::<passkey_challenges::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_of_the_identity_leaves_passkeys() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let device = Device::default();
    alice.register(&device).await;
    let confirm = json!({ "confirm": "erase-all-my-data" });
    alice
        .call(Method::POST, "/users/me/identity/reset", Some(confirm))
        .await
        .expect(200);
    app.sign_in_with(&device).await.expect(201);
}
