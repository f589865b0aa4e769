//! Statement 42: what needs a session is 401 without one.

use std::collections::BTreeSet;

use reqwest::RequestBuilder;
use serde_json::json;

use super::document::{Auth, Operation, operations};
use crate::support::{
    app::{Answer, Person, TestApp, answer},
    rows,
};

/// A request that is harmless should anybody take it: no such ids, no body that fits.
fn harmless(app: &TestApp, operation: &Operation) -> RequestBuilder {
    let path = operation.path_with("01890000-0000-7000-8000-000000000000");
    let request = app.http.request(operation.method.clone(), app.url(&path));
    request
        .header("content-type", "application/json")
        .body(json!({ "no such": "member" }).to_string())
}

fn guarded() -> Vec<Operation> {
    let guarded: Vec<_> = operations()
        .into_iter()
        .filter(|one| one.auth == Auth::Session)
        .collect();
    assert!(guarded.len() >= 20, "{}", guarded.len());
    guarded
}

#[track_caller]
fn assert_signed_out(answer: &Answer, what: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (401, "signed_out"),
        "{what}: {}",
        answer.text
    );
    let members: BTreeSet<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["code", "message"]), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s42_no_operation_is_open_by_accident() {
    let open: Vec<String> = operations()
        .into_iter()
        .filter(|operation| operation.auth != Auth::Session)
        .map(|operation| format!("{} {:?}", operation.name(), operation.auth))
        .collect();
    assert_eq!(
        open,
        [
            "GET /.well-known/parchment-server Nobody",
            "GET /.well-known/user/{alias} Nobody",
            "POST /auth/passkeys/authenticate/options Nobody",
            "POST /auth/passkeys/authenticate/verify Nobody",
            "DELETE /auth/sessions MaySignIn",
            "POST /auth/sessions Nobody",
            "GET /auth/sessions/current MaySignIn",
            "POST /auth/verify Nobody",
            "POST /federation/inbox Server",
            "GET /health/live Nobody",
            "GET /health/ready Nobody",
        ],
        "an operation that needs no session is added to this list by hand"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s42_without_a_live_session_every_operation_that_needs_one_is_401() {
    let app = TestApp::start().await;
    let (ended, expired) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("bob@mail.example").await,
    );
    ended
        .call(reqwest::Method::DELETE, "/auth/sessions", None)
        .await
        .expect(204);
    rows::change(
        &app,
        &format!(
            "UPDATE sessions SET expires_at = 1 WHERE user_id = {}",
            rows::id(&expired.id)
        ),
    )
    .await;
    for operation in guarded() {
        let name = operation.name();
        let request = || harmless(&app, &operation);
        assert_signed_out(&answer(request()).await, &format!("{name}: no token"));
        for garbage in [
            "",
            "x",
            "null",
            "../../etc/passwd",
            "' OR 1=1 --",
            &"0".repeat(64),
            &"A".repeat(5000),
        ] {
            let with_garbage = request().header("authorization", format!("Bearer {garbage}"));
            assert_signed_out(&answer(with_garbage).await, &format!("{name}: Bearer {garbage:.20}"));
            let as_cookie = request()
                .header("cookie", format!("auth_session={garbage}"))
                .header("origin", own(&app));
            assert_signed_out(&answer(as_cookie).await, &format!("{name}: cookie {garbage:.20}"));
        }
        for token in [&ended.token, &expired.token] {
            assert_signed_out(
                &answer(request().bearer_auth(token)).await,
                &format!("{name}: a session that is over"),
            );
            let as_cookie = request()
                .header("cookie", format!("auth_session={token}"))
                .header("origin", own(&app));
            assert_signed_out(&answer(as_cookie).await, &format!("{name}: its cookie"));
        }
        let basic = request().header("authorization", "Basic YWxpY2U6YWxpY2U=");
        assert_signed_out(&answer(basic).await, &format!("{name}: another scheme"));
    }
}

fn own(app: &TestApp) -> String {
    app.settings.public_origin.to_string()
}

/// The session that is there, or a new one where an operation has ended it.
async fn live<'a>(app: &'a TestApp, alice: Person<'a>) -> Person<'a> {
    match alice.get("/auth/sessions").await.status {
        200 => alice,
        _ => app.sign_in("alice@mail.example").await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s42_a_cookie_counts_for_a_change_only_with_an_origin_of_ours() {
    let app = TestApp::start().await;
    let mut alice = app.sign_in("alice@mail.example").await;
    for operation in guarded() {
        alice = live(&app, alice).await;
        let name = operation.name();
        let request = || harmless(&app, &operation).header("cookie", format!("auth_session={}", alice.token));
        if operation.changes() {
            assert_signed_out(&answer(request()).await, &format!("{name}: no origin"));
            let own = own(&app);
            for origin in [
                "http://elsewhere.example",
                "null",
                "",
                &format!("{own}.evil.example"),
                &format!("{own}/"),
                &own.replace("http:", "https:"),
                &own.to_uppercase(),
            ] {
                let foreign = answer(request().header("origin", origin)).await;
                assert_signed_out(&foreign, &format!("{name}: origin {origin}"));
            }
        }
        // The same request with what it lacks gets past the door.
        let ours = answer(request().header("origin", own(&app))).await;
        assert_ne!(ours.status, 401, "{name}: {}", ours.text);
    }
}
