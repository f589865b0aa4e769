use parchment_server::store::entities::sessions;
use reqwest::Method;
use serde_json::json;

use crate::support::{
    app::{TestApp, answer},
    rows,
};

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_ends_every_session_of_the_caller_and_of_nobody_else() {
    let app = TestApp::start().await;
    let (phone, laptop) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("alice@mail.example").await,
    );
    let bob = app.sign_in("bob@mail.example").await;
    let ended = phone.call(Method::DELETE, "/auth/sessions/all", None).await.expect(204);
    let cookie = ended.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("auth_session=;"), "{cookie}");
    for person in [&phone, &laptop] {
        person.get("/auth/sessions").await.expect_code(401, "signed_out");
    }
    bob.get("/auth/sessions").await.expect(200);
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
    phone
        .call(Method::DELETE, "/auth/sessions/all", None)
        .await
        .expect_code(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_else_keeps_the_session_that_asks() {
    let app = TestApp::start().await;
    let (phone, laptop) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("alice@mail.example").await,
    );
    let bob = app.sign_in("bob@mail.example").await;
    let end_others = async |body| phone.call(Method::DELETE, "/auth/sessions/others", Some(body)).await;
    for body in [
        json!({}),
        json!({ "deviceId": 7 }),
        json!({ "deviceId": "my-phone", "userId": bob.id }),
    ] {
        end_others(body).await.expect_code(422, "invalid_body");
    }
    for no_device in ["phone", "my phone", &"x".repeat(65)] {
        let body = json!({ "deviceId": no_device });
        end_others(body).await.expect_code(422, "invalid_device_id");
    }
    laptop.get("/auth/sessions").await.expect(200);
    end_others(json!({ "deviceId": "my-phone" })).await.expect(204);
    laptop.get("/auth/sessions").await.expect_code(401, "signed_out");
    for person in [&phone, &bob] {
        person.get("/auth/sessions").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_elsewhere_signs_nobody_out_everywhere() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    for path in ["/auth/sessions/all", "/auth/sessions/others"] {
        let request = app
            .http
            .delete(app.url(path))
            .header("cookie", format!("auth_session={}", alice.token));
        let request = request
            .header("origin", "https://evil.example")
            .header("content-type", "application/json");
        answer(request.body(r#"{"deviceId":"x"}"#))
            .await
            .expect_code(401, "signed_out");
    }
    alice.get("/auth/sessions").await.expect(200);
}
