//! Statement 14: strangers grow no table.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s14_requests_without_a_session_or_a_signature_grow_no_table_of_the_signed_in() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let code = ask_for_code(&app, "bob@mail.example").await;
    let before = [
        rows::count::<sessions::Entity>(&app).await,
        rows::count::<users::Entity>(&app).await,
    ];
    let document: Value = serde_json::from_str(&parchment_server::openapi::document()).unwrap();
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        for method in operations.as_object().unwrap().keys() {
            if path == "/auth/verify" {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            app.call(method.clone(), &path, Some(json!({}))).await;
            let wrong = app.http.request(method, app.url(&path)).bearer_auth("0".repeat(64));
            answer(wrong.header("content-type", "application/json").body("{}")).await;
            asked += 2;
        }
    }
    assert!(asked > 40, "{asked}");
    for wrong in wrong_codes(&code, 20) {
        let body = sign_in("bob@mail.example", &wrong);
        app.call(Method::POST, "/auth/sessions", Some(body))
            .await
            .expect_code(401, "otp_invalid");
    }
    let after = [
        rows::count::<sessions::Entity>(&app).await,
        rows::count::<users::Entity>(&app).await,
    ];
    assert_eq!(before, after);
    assert_eq!(rows::count::<transport_nonces::Entity>(&app).await, 0);
    assert_eq!(rows::count::<envelope_nonces::Entity>(&app).await, 0);
    assert_eq!(rows::count::<peers::Entity>(&app).await, 0);
    alice.get("/auth/sessions").await.expect(200);
}
