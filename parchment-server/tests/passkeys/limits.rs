use parchment_core::handle::Origin;
use parchment_server::config::Switch;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    app::{Answer, TestApp},
    device::{Device, withhold},
    rows,
};

const ALICE: &str = "alice@mail.example";

fn expect_429(answer: Answer) {
    let refused = answer.expect_code(429, "too_many_requests");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_can_be_asked_for_so_often_a_minute() {
    let app = TestApp::start_with(|settings| settings.rate_limits = Switch::On).await;
    let alice = app.sign_in(ALICE).await;
    let passkey = alice.register(&Device::default()).await;
    let enroll = format!("/auth/passkeys/{}/prf-enroll/options", passkey["id"].as_str().unwrap());
    // Without a recovery slot there is nothing to unlock; asking counts all the same.
    for (path, status) in [("/auth/passkeys/prf-assert/options", 404), (enroll.as_str(), 200)] {
        for _ in 0..30 {
            alice.call(Method::POST, path, None).await.expect(status);
        }
        expect_429(alice.call(Method::POST, path, None).await);
    }
    for _ in 1..30 {
        alice.begin_passkey().await;
    }
    expect_429(alice.call(Method::POST, "/auth/passkeys/register/options", None).await);
    for _ in 0..60 {
        app.begin().await;
    }
    expect_429(
        app.call(Method::POST, "/auth/passkeys/authenticate/options", None)
            .await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_at_most_fifty_passkeys() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let mut late = Device::default()
        .create(&app.origin(), &alice.begin_passkey().await)
        .await
        .unwrap();
    withhold(&mut late);
    alice.register(&device).await;
    let more = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49) \
         INSERT INTO passkeys SELECT {}, user_id, name, public_key, counter, backup_eligible, \
         backed_up, transports, created_at, last_used_at FROM passkeys, n",
        rows::new_bytes()
    );
    rows::change(&app, &more).await;
    assert_eq!(alice.get("/auth/passkeys").await.body.as_array().unwrap().len(), 50);
    let refused = alice.call(Method::POST, "/auth/passkeys/register/options", None).await;
    refused.expect_code(409, "too_many_passkeys");
    alice.finish_passkey(&late).await.expect_code(409, "too_many_passkeys");
    rows::change(
        &app,
        &format!(
            "DELETE FROM passkeys WHERE {row} = (SELECT max({row}) FROM passkeys)",
            row = rows::row()
        ),
    )
    .await;
    alice.finish_passkey(&late).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_name_is_told_that_it_has_no_passkeys() {
    let app = TestApp::start_with(|settings| {
        settings.public_origin = Origin::parse(&format!("http://{}", settings.listen)).unwrap();
    })
    .await;
    let alice = app.sign_in(ALICE).await;
    let begin = app
        .call(Method::POST, "/auth/passkeys/authenticate/options", None)
        .await;
    begin.expect_code(409, "passkeys_unavailable");
    let begin = alice.call(Method::POST, "/auth/passkeys/register/options", None).await;
    begin.expect_code(409, "passkeys_unavailable");
    assert_eq!(alice.get("/auth/passkeys").await.expect(200).body, json!([]));
}
