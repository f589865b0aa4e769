//! Statement 38: one way to sign in cannot be locked by misusing another.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s38_failed_passkeys_lock_neither_codes_nor_passkeys() {
    // With the limits that a user would have.
    let app = TestApp::start_with(|_| {}).await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    alice.register(&device).await;
    rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 31000").await;
    app.call(Method::POST, "/auth/verify", Some(json!({ "email": ALICE })))
        .await
        .expect(201);
    let mut codes = app.mailed_codes(ALICE);
    while codes.len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        codes = app.mailed_codes(ALICE);
    }
    let mut claim = device.claim(&app, &app.begin().await);
    claim.client_data["origin"] = "https://evil.example".into();
    let wrong = device.assert(&claim);
    for _ in 0..100 {
        app.finish(&wrong).await.expect_code(FAILED.0, FAILED.1);
    }
    app.sign_in_with(&device).await.expect(201);
    let body = json!({ "method": "otp", "email": ALICE, "token": codes.pop().unwrap() });
    app.call(Method::POST, "/auth/sessions", Some(body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s38_wrong_codes_lock_no_passkey() {
    let app = TestApp::start_with(|_| {}).await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    alice.register(&device).await;
    rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 31000").await;
    app.call(Method::POST, "/auth/verify", Some(json!({ "email": ALICE })))
        .await
        .expect(201);
    for code in 0..20 {
        let body = json!({ "method": "otp", "email": ALICE, "token": format!("{code:07}") });
        app.call(Method::POST, "/auth/sessions", Some(body))
            .await
            .expect_code(401, "otp_invalid");
    }
    app.sign_in_with(&device).await.expect(201);
}
