use parchment_core::handle::Origin;
use reqwest::Method;
use serde_json::Value;

use super::{new_code, sign_in};
use crate::support::{
    app::{Answer, TestApp, answer},
    rows,
};

const ALICE: &str = "alice@mail.example";

/// Signs in with these headers on top.
async fn sign_in_with(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    let code = new_code(app, ALICE).await;
    let mut request = app
        .http
        .post(app.url("/auth/sessions"))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request.body(sign_in(ALICE, &code).to_string()))
        .await
        .expect(201)
}

fn set_cookie(answer: &Answer) -> Vec<&str> {
    answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect()
}

/// A request with a cookie.
async fn with_cookie(app: &TestApp, method: Method, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app
        .http
        .request(method, app.url(path))
        .header("cookie", format!("auth_session={token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_set_when_the_request_carries_no_authorization() {
    let app = TestApp::start().await;
    let signed_in = sign_in_with(&app, &[]).await;
    let token = signed_in.body["token"].as_str().unwrap();
    let expected = format!("auth_session={token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    assert_eq!(set_cookie(&signed_in), [expected]);
    for authorization in ["Bearer", "Bearer old", "Basic YTpi", ""] {
        let signed_in = sign_in_with(&app, &[("authorization", authorization)]).await;
        assert!(set_cookie(&signed_in).is_empty(), "{authorization:?}");
        assert!(signed_in.body["token"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_secure_where_the_public_origin_is_https() {
    let app = TestApp::start_with(|settings| {
        settings.public_origin = Origin::parse("https://home.example").unwrap();
    })
    .await;
    let signed_in = sign_in_with(&app, &[]).await;
    let token = signed_in.body["token"].as_str().unwrap();
    let expected = format!("auth_session={token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(set_cookie(&signed_in), [expected]);
    let out = app.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    assert_eq!(
        set_cookie(&out),
        ["auth_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_by_cookie_needs_no_origin_and_shows_no_token() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let current = with_cookie(&app, Method::GET, "/auth/sessions/current", &alice.token, &[])
        .await
        .expect(200);
    assert_eq!(current.body["token"], Value::Null);
    assert_eq!(current.body["user"]["email"], ALICE);
    assert!(!current.text.contains(&alice.token));
    let by_bearer = alice.get("/auth/sessions/current").await.expect(200);
    assert_eq!(by_bearer.body["token"], alice.token);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_an_authorization_header_the_cookie_is_not_looked_at() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    for authorization in ["Bearer nonsense", "Basic YTpi", "Bearer", ""] {
        let headers = [("authorization", authorization)];
        with_cookie(&app, Method::GET, "/auth/sessions/current", &alice.token, &headers)
            .await
            .expect(204);
        with_cookie(&app, Method::GET, "/auth/sessions", &alice.token, &headers)
            .await
            .expect_code(401, "signed_out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_another_name_or_without_a_value_is_nothing() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let token = &alice.token;
    for cookie in [
        format!("auth_sessions={token}"),
        format!("Auth_Session={token}"),
        "auth_session=".to_owned(),
    ] {
        let request = app.http.get(app.url("/auth/sessions")).header("cookie", cookie);
        answer(request).await.expect_code(401, "signed_out");
    }
    let request = app
        .http
        .get(app.url("/auth/sessions"))
        .header("cookie", format!("a=b;auth_session={token} ; c=d"));
    answer(request).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_by_cookie_ends_the_session_only_from_an_own_page() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let own = app.settings.public_origin.to_string();
    let out = async |headers: &[(&str, &str)]| {
        with_cookie(&app, Method::DELETE, "/auth/sessions", &alice.token, headers).await
    };
    out(&[]).await.expect(204);
    alice.get("/auth/sessions").await.expect(200);
    let cleared = out(&[("origin", &own)]).await.expect(204);
    assert_eq!(
        set_cookie(&cleared),
        ["auth_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]
    );
    alice.get("/auth/sessions").await.expect_code(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_is_signed_out_by_cookie_and_served_by_bearer() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let foreign = [("origin", "https://evil.example"), ("content-type", "application/json")];
    let by_cookie = with_cookie(&app, Method::POST, "/friends/sync-keys", &alice.token, &foreign).await;
    by_cookie.expect_code(401, "signed_out");
    let bearer = format!("Bearer {}", alice.token);
    let headers = [foreign[0], foreign[1], ("authorization", bearer.as_str())];
    let by_bearer = with_cookie(&app, Method::POST, "/friends/sync-keys", "", &headers)
        .await
        .expect(200);
    assert!(!by_bearer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_extended_extends_its_cookie() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let fresh = with_cookie(&app, Method::GET, "/auth/sessions/current", &alice.token, &[])
        .await
        .expect(200);
    assert!(set_cookie(&fresh).is_empty());
    rows::change(&app, "UPDATE sessions SET extended_at = extended_at - 86400000").await;
    let extended = with_cookie(&app, Method::GET, "/auth/sessions/current", &alice.token, &[])
        .await
        .expect(200);
    let expected = format!(
        "auth_session={}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax",
        alice.token
    );
    assert_eq!(set_cookie(&extended), [expected]);
}
