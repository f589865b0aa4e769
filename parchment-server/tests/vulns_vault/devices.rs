//! Statement 29: relaying a seed between two devices; and the secrets of devices.

use super::common::*;

async fn begin(person: &Person<'_>) -> Answer {
    let body = json!({ "receiverEphemeralPub": encryption_key() });
    person.post("/device-transfer", body).await
}

async fn begun(person: &Person<'_>) -> String {
    let answer = begin(person).await.expect(200);
    format!("/device-transfer/{}", answer.body["sessionId"].as_str().unwrap())
}

fn payload() -> Value {
    json!({
        "senderEphemeralPub": encryption_key(),
        "sealedSeed": envelope(),
        "senderSignature": encoding::encode(&random::<64>()),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_a_transfer_takes_one_upload_and_gives_it_out_once() {
    let app = TestApp::start().await;
    let new = app.person("alice").await;
    let old = app.sign_in("alice@mail.example").await;
    let path = begun(&new).await;
    new.get(&path).await.expect_code(425, "not_uploaded");
    let sent = payload();
    old.post(&format!("{path}/upload"), sent.clone()).await.expect(200);
    old.post(&format!("{path}/upload"), payload())
        .await
        .expect_code(409, "already_uploaded");
    assert_eq!(new.get(&path).await.expect(200).body, sent);
    new.get(&path).await.expect_code(410, "transfer_over");
    old.post(&format!("{path}/upload"), payload())
        .await
        .expect_code(410, "transfer_over");
    let row = rows::all::<device_transfers::Entity>(&app).await.remove(0);
    assert_eq!(
        (row.sender_key, row.sealed_seed, row.signature),
        (None, None, None),
        "nothing stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_of_twenty_that_fetch_at_once_one_gets_it_and_of_twenty_uploads_one_is_taken() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let path = begun(&alice).await;
    let request = |method: Method, path: String, body: Option<Value>| {
        let request = app.http.request(method, app.url(&path)).bearer_auth(&alice.token);
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => request,
        };
        async move { answer(request).await.status }
    };
    let uploads: Vec<_> = (0..20)
        .map(|_| request(Method::POST, format!("{path}/upload"), Some(payload())))
        .collect();
    let mut statuses = at_once(uploads.into_iter()).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[409; 19][..]));
    let fetches: Vec<_> = (0..20).map(|_| request(Method::GET, path.clone(), None)).collect();
    let mut statuses = at_once(fetches.into_iter()).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[410; 19][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_a_transfer_is_over_after_60_seconds_when_cancelled_and_for_everybody_else() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let path = begun(&alice).await;
    for (method, path, body) in [
        (Method::GET, path.clone(), None),
        (Method::POST, format!("{path}/upload"), Some(payload())),
        (Method::DELETE, path.clone(), None),
    ] {
        bob.call(method, &path, body).await.expect_code(403, "not_yours");
    }
    for nowhere in [
        "/device-transfer/nonsense",
        "/device-transfer/01890000-0000-7000-8000-000000000000",
    ] {
        alice.get(nowhere).await.expect_code(404, "not_found");
    }
    let row = rows::all::<device_transfers::Entity>(&app).await.remove(0);
    assert_eq!(row.expires_at - row.created_at, 60_000);
    alice.post(&format!("{path}/upload"), payload()).await.expect(200);
    rows::change(&app, "UPDATE device_transfers SET expires_at = expires_at - 60000").await;
    alice.get(&path).await.expect_code(410, "transfer_over");

    let path = begun(&alice).await;
    alice.post(&format!("{path}/upload"), payload()).await.expect(200);
    alice.call(Method::DELETE, &path, None).await.expect(200);
    alice.get(&path).await.expect_code(410, "transfer_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_a_user_begins_three_transfers_an_hour_however_they_end() {
    let app = TestApp::start_with(|settings| settings.allow_loopback_peers = true).await;
    let alice = app.sign_in("alice@mail.example").await;
    for _ in 0..3 {
        let path = begun(&alice).await;
        alice.call(Method::DELETE, &path, None).await.expect(200);
    }
    let refused = begin(&alice).await.expect_code(429, "too_many_requests");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3500..=3601).contains(&wait), "{wait}");
    let commit = commit_of(&Kept::default(), 1, &fresh_key(), random());
    alice.post(COMMIT, commit).await.expect(200);
    begin(&alice).await.expect_code(429, "too_many_requests");
    rows::change(&app, "UPDATE device_transfers SET created_at = created_at - 3600000").await;
    begin(&alice).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_has_one_secret_whoever_asks_first_and_another_after_a_change() {
    let app = TestApp::start().await;
    let (alice, bob) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("bob@mail.example").await,
    );
    let path = "/users/me/devices/device-1/wrap-secret";
    let asks: Vec<_> = (0..20)
        .map(|_| {
            let request = app.http.get(app.url(path)).bearer_auth(&alice.token);
            async move { answer(request).await.expect(200).text }
        })
        .collect();
    let mut secrets = at_once(asks.into_iter()).await;
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    let first = alice.get(path).await.expect(200).body;
    assert_eq!(encoding::decode(first["secret"].as_str().unwrap()).unwrap().len(), 32);
    assert_ne!(bob.get(path).await.expect(200).body, first);
    let second = alice
        .get("/users/me/devices/device-2/wrap-secret")
        .await
        .expect(200)
        .body;
    assert_ne!(second, first);
    let rotated = alice
        .post("/users/me/device-wrap-secrets/rotate", Value::Null)
        .await
        .expect(200);
    assert_eq!(rotated.body, json!({ "ok": true }));
    assert_ne!(alice.get(path).await.expect(200).body, first);
    assert_ne!(
        alice
            .get("/users/me/devices/device-2/wrap-secret")
            .await
            .expect(200)
            .body,
        second
    );
    for wrong in ["short", "device_1", "device%201", &"d".repeat(65)] {
        let path = format!("/users/me/devices/{wrong}/wrap-secret");
        alice.get(&path).await.expect_code(422, "invalid_device_id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_asked_for_60_times_and_changed_10_times_a_minute() {
    let app = TestApp::start_with(|settings| settings.allow_loopback_peers = true).await;
    let alice = app.sign_in("alice@mail.example").await;
    for _ in 0..60 {
        alice.get("/users/me/devices/device-1/wrap-secret").await.expect(200);
    }
    let refused = alice.get("/users/me/devices/device-1/wrap-secret").await;
    refused.expect_code(429, "too_many_requests");
    for _ in 0..10 {
        alice
            .post("/users/me/device-wrap-secrets/rotate", Value::Null)
            .await
            .expect(200);
    }
    let refused = alice.post("/users/me/device-wrap-secrets/rotate", Value::Null).await;
    refused.expect_code(429, "too_many_requests");
}
