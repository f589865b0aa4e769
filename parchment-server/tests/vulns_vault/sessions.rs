//! Statement 25: what a rotation, a reset and signing out everywhere end.

use super::common::*;

const DEVICE: &str = "/users/me/devices/device-1/wrap-secret";

async fn secret(person: &Person<'_>) -> String {
    let answer = person.get(DEVICE).await.expect(200);
    answer.body["secret"].as_str().unwrap().to_owned()
}

async fn transfer(person: &Person<'_>) -> String {
    let body = json!({ "receiverEphemeralPub": encryption_key() });
    let begun = person.post("/device-transfer", body).await.expect(200);
    format!("/device-transfer/{}", begun.body["sessionId"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_rotation_and_reset_end_every_other_session_every_secret_and_every_transfer() {
    for way in [COMMIT, "/users/me/identity/reset"] {
        let app = TestApp::start().await;
        let alice = app.person("alice").await;
        let elsewhere = app.sign_in("alice@mail.example").await;
        let bob = app.person("bob").await;
        let (before, of_bob, open) = (secret(&alice).await, secret(&bob).await, transfer(&elsewhere).await);
        let body = match way {
            COMMIT => commit_of(&Kept::default(), 1, &fresh_key(), random()),
            _ => json!({ "confirm": "erase-all-my-data" }),
        };
        alice.post(way, body).await.expect(200);
        elsewhere.get("/auth/sessions").await.expect_code(401, "signed_out");
        assert_ne!(secret(&alice).await, before, "{way}");
        alice.get(&open).await.expect_code(410, "transfer_over");
        assert_eq!(secret(&bob).await, of_bob, "{way} is nobody else's matter");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_signing_out_everywhere_ends_every_session_every_secret_and_every_transfer() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let elsewhere = app.sign_in("alice@mail.example").await;
    let (before, open) = (secret(&alice).await, transfer(&alice).await);
    alice.call(Method::DELETE, "/auth/sessions/all", None).await.expect(204);
    for person in [&alice, &elsewhere] {
        person.get("/auth/sessions").await.expect_code(401, "signed_out");
    }
    let again = app.sign_in("alice@mail.example").await;
    assert_ne!(secret(&again).await, before);
    again.get(&open).await.expect_code(410, "transfer_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_signing_out_everywhere_else_keeps_this_session_and_this_device() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let elsewhere = app.sign_in("alice@mail.example").await;
    let other = "/users/me/devices/device-2/wrap-secret";
    let (kept, lost) = (secret(&alice).await, elsewhere.get(other).await.expect(200).body);
    let body = json!({ "deviceId": "device-1" });
    alice
        .call(Method::DELETE, "/auth/sessions/others", Some(body))
        .await
        .expect(204);
    elsewhere.get("/auth/sessions").await.expect_code(401, "signed_out");
    assert_eq!(secret(&alice).await, kept);
    assert_ne!(alice.get(other).await.expect(200).body, lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_what_an_ended_session_asked_for_before_a_rotation_is_not_done_after_it() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let elsewhere = app.sign_in("alice@mail.example").await;
    let late = [
        (Method::PUT, "/me/blobs/late", json!({ "encryptedBlob": envelope() })),
        (Method::POST, "/library/collections", json!({})),
        (
            Method::POST,
            "/device-transfer",
            json!({ "receiverEphemeralPub": encryption_key() }),
        ),
        (Method::GET, DEVICE, Value::Null),
        (
            Method::POST,
            COMMIT,
            commit_of(&Kept::default(), 1, &fresh_key(), random()),
        ),
    ];
    for (version, (method, path, body)) in (1..).zip(late) {
        let commit = commit_of(&Kept::default(), version, &fresh_key(), random());
        let mut body = (!body.is_null()).then_some(body);
        if let Some(version_of_commit) = body.as_mut().and_then(|body| body.get_mut("expectedCurrent")) {
            *version_of_commit = json!(version);
        }
        let elsewhere = if version == 1 {
            &elsewhere
        } else {
            &app.sign_in("alice@mail.example").await
        };
        let (committed, late) =
            read_then_write(&app, alice.post(COMMIT, commit), elsewhere.call(method, path, body)).await;
        committed.expect(200);
        late.expect_code(401, "signed_out");
    }
    assert_eq!(rows::count::<blobs::Entity>(&app).await, 0);
    assert_eq!(rows::count::<device_transfers::Entity>(&app).await, 0);
}
