use reqwest::Method;
use serde_json::json;

use super::assert_problem;
use crate::support::app::{TestApp, answer};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_refusal_has_the_one_shape() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let unknown_path = app.call(Method::GET, "/nowhere", None).await;
    assert_problem(&unknown_path, 404, "not_found", "unknown path");
    let below = app.call(Method::GET, "/auth/sessions/current/more", None).await;
    assert_problem(&below, 404, "not_found", "below a path");
    for (method, path) in [
        (Method::PUT, "/auth/sessions"),
        (Method::GET, "/auth/verify"),
        (Method::POST, "/.well-known/parchment-server"),
        (Method::GET, "/federation/inbox"),
        (Method::PATCH, "/friends"),
    ] {
        let answered = app.call(method.clone(), path, None).await;
        assert_problem(&answered, 405, "method_not_allowed", &format!("{method} {path}"));
    }
    let signed_out = app.call(Method::GET, "/friends", None).await;
    assert_problem(&signed_out, 401, "signed_out", "without a session");
    let not_found = alice.call(Method::DELETE, "/auth/sessions/nonsense", None).await;
    assert_problem(&not_found, 404, "not_found", "unknown row");
    let malformed = alice.call(Method::PATCH, "/users/me/alias", None).await;
    assert_problem(&malformed, 400, "malformed_json", "no body");
    let invalid = alice.call(Method::PATCH, "/users/me/alias", Some(json!({}))).await;
    assert_problem(&invalid, 422, "invalid_body", "missing member");
    let conflict = alice
        .post(
            "/friends/invite",
            json!({ "handle": alice.handle().as_str(), "signature": "" }),
        )
        .await;
    assert_problem(&conflict, 400, "self", "a rule");
    let parameter = alice.get("/friends/invitations?direction=up").await;
    assert_problem(&parameter, 422, "invalid_body", "a parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_type_or_none_is_415() {
    let app = TestApp::start().await;
    let body = json!({ "email": "alice@mail.example" }).to_string();
    let wrong = [
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
        Some("application/jsonp"),
        Some("text/json"),
        Some(""),
        None,
    ];
    for content_type in wrong {
        let request = app.http.post(app.url("/auth/verify"));
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        let refused = answer(request.body(body.clone())).await;
        assert_problem(&refused, 415, "unsupported_media_type", &format!("{content_type:?}"));
    }
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
    ] {
        let request = app
            .http
            .post(app.url("/auth/verify"))
            .header("content-type", content_type);
        answer(request.body(body.clone())).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_parameter_that_cannot_be_read_is_refused_in_the_same_shape() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    for path in [
        "/friends/resolve/%FF",
        "/friends/resolve/%00",
        "/friends/resolve/%0d%0a",
        "/friends/resolve/a%2Fb@c.d",
    ] {
        let refused = alice.get(path).await;
        assert!((400..500).contains(&refused.status), "{path}: {}", refused.status);
        let code = refused.code().to_owned();
        assert_problem(&refused, refused.status, &code, path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trailing_slash_means_the_same_path() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let reads = [
        "/friends",
        "/friends/invitations",
        "/auth/sessions",
        "/auth/sessions/current",
        "/users/me/identity",
        "/users/me/revocations/pending",
        "/.well-known/parchment-server",
        "/.well-known/user/alice",
    ];
    for path in reads {
        let (plain, slashed) = (
            alice.get(path).await.expect(200),
            alice.get(&format!("{path}/")).await.expect(200),
        );
        assert_eq!(plain.body, slashed.body, "{path}");
    }
    let outgoing = alice.get("/friends/invitations/?direction=outgoing").await.expect(200);
    assert_eq!(outgoing.body, json!({ "invitations": [] }));
    app.call(
        Method::POST,
        "/auth/verify/",
        Some(json!({ "email": "bob@mail.example" })),
    )
    .await
    .expect(201);
    alice
        .call(Method::DELETE, "/friends/nobody@home.example/", None)
        .await
        .expect_code(404, "not_found");
    alice.call(Method::POST, "/friends/sync-keys/", None).await.expect(200);
    // The inbox has one spelling: what servers sign covers it.
    app.call(Method::POST, "/federation/inbox/", Some(json!({})))
        .await
        .expect_code(401, "invalid_server_signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_503_and_nothing_of_it_shows() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    app.app().store.close().await;
    for path in ["/friends", "/auth/sessions", "/users/me/identity"] {
        assert_problem(&alice.get(path).await, 503, "unavailable", path);
    }
    let verify = app
        .call(
            Method::POST,
            "/auth/verify",
            Some(json!({ "email": "bob@mail.example" })),
        )
        .await;
    assert_problem(&verify, 503, "unavailable", "/auth/verify");
}

#[tokio::test(flavor = "multi_thread")]
async fn successes_say_what_they_are_too() {
    let app = TestApp::start().await;
    let manifest = app
        .call(Method::GET, "/.well-known/parchment-server", None)
        .await
        .expect(200);
    let content_type = manifest.headers["content-type"].to_str().unwrap();
    assert_eq!(content_type.split(';').next(), Some("application/json"));
    assert_eq!(manifest.headers["x-content-type-options"], "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_body_repeats_no_secret_that_the_request_carried() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ1Njc4";
    let bodies = [
        (
            "/auth/sessions",
            json!({ "method": "otp", "email": "a@b.c", "token": [secret] }),
        ),
        (
            "/auth/sessions",
            json!({ "method": "otp", "email": "a@b.c", "token": secret, "more": 1 }),
        ),
        (
            "/auth/sessions",
            json!({ "method": "otp", "email": "a@b.c", "token": secret.repeat(10) }),
        ),
        (
            "/friends/invite",
            json!({ "handle": "bob@home.example", "signature": { secret: 1 } }),
        ),
        (
            "/friends/invite",
            json!({ "handle": "bob@home.example", "signature": secret, "nonce": "n", "timestamp": "t" }),
        ),
    ];
    for (path, body) in bodies {
        let refused = alice.post(path, body.clone()).await;
        assert!((400..500).contains(&refused.status));
        assert!(!refused.text.contains(secret), "{body}: {}", refused.text);
        assert!(!refused.text.contains(&alice.token));
    }
    let as_number = json!({ "method": "otp", "email": "a@b.c", "token": 31_415_926 });
    let refused = alice.post("/auth/sessions", as_number).await;
    assert_problem(&refused, 422, "invalid_body", "a code as a number");
    assert!(!refused.text.contains("31415926"), "{}", refused.text);
    let token = secret.repeat(2);
    let refused = answer(app.http.get(app.url("/friends")).bearer_auth(&token)).await;
    assert_problem(&refused, 401, "signed_out", "an unknown token");
    assert!(!refused.text.contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_has_other_methods_says_which() {
    let app = TestApp::start().await;
    for (path, methods) in [
        ("/friends", "GET"),
        ("/friends/invitations", "GET"),
        ("/friends/alice@home.example", "DELETE"),
        ("/auth/sessions", "DELETE, GET, POST"),
        ("/users/me/alias", "PATCH"),
    ] {
        let answer = app
            .call(Method::PUT, path, None)
            .await
            .expect_code(405, "method_not_allowed");
        let mut allowed: Vec<&str> = answer.headers["allow"].to_str().unwrap().split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(", "), methods, "{path}");
    }
}
