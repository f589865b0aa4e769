use reqwest::Method;
use serde_json::{Value, json};

use super::assert_problem;
use crate::support::app::{TestApp, answer};

/// Every operation with a body, and one that fits as far as its shape goes.
fn fitting() -> Vec<(Method, &'static str, Value)> {
    let revoke = json!({ "revoke_signature": "s", "revoke_nonce": "n", "revoke_timestamp": "t" });
    let envelope = json!({ "signature": "s", "nonce": "n", "timestamp": "t" });
    let item = json!({ "peerHandle": "p", "signature": "s", "nonce": "n", "timestamp": "t", "messageVersion": 1 });
    let invitation = "/friends/invitations/01890000-0000-7000-8000-000000000000";
    let accept = "/friends/invitations/01890000-0000-7000-8000-000000000000/accept";
    let reject = "/friends/invitations/01890000-0000-7000-8000-000000000000/reject";
    vec![
        (Method::POST, "/auth/verify", json!({ "email": "alice@mail.example" })),
        (
            Method::POST,
            "/auth/sessions",
            json!({ "method": "otp", "email": "alice@mail.example", "token": "1" }),
        ),
        (Method::PATCH, "/users/me/alias", json!({ "alias": "!" })),
        (
            Method::PUT,
            "/users/me/keys",
            json!({ "signingKey": "s", "encryptionKey": "e" }),
        ),
        (Method::POST, "/users/me/revocations/flush", json!({ "items": [item] })),
        (
            Method::POST,
            "/friends/invite",
            json!({ "handle": "h", "signature": "s", "nonce": "n", "timestamp": "t" }),
        ),
        (Method::POST, accept, envelope.clone()),
        (Method::POST, reject, envelope),
        (Method::DELETE, invitation, revoke.clone()),
        (Method::DELETE, "/friends/bob@home.example", revoke),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_fits_is_not_refused_for_its_shape() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    for (method, path, body) in fitting() {
        let answered = alice.call(method.clone(), path, Some(body)).await;
        assert_ne!(answered.code(), "invalid_body", "{method} {path}: {}", answered.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_member_is_refused_everywhere() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    for (method, path, mut body) in fitting() {
        body["isAdmin"] = json!(true);
        let refused = alice.call(method.clone(), path, Some(body)).await;
        assert_problem(&refused, 422, "invalid_body", &format!("{method} {path}"));
        assert!(refused.text.contains("isAdmin"), "it says which: {}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_text_is_expected_nothing_else_is_taken() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let mut tried = 0;
    for (method, path, body) in fitting() {
        let texts = body.as_object().unwrap().iter().filter(|(_, value)| value.is_string());
        for name in texts.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            for other in [
                json!(12_345_678),
                json!(1.5),
                json!(true),
                json!(["a"]),
                json!([]),
                json!({}),
                json!({ "a": 1 }),
            ] {
                let mut body = body.clone();
                body[&name] = other;
                let what = format!("{method} {path} {body}");
                let refused = alice.call(method.clone(), path, Some(body)).await;
                assert_problem(&refused, 422, "invalid_body", &what);
                assert!(refused.text.contains(&name), "it says where: {what}: {}", refused.text);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn null_is_absent_where_a_member_may_be_absent_and_refused_where_not() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let optional = [
        "nonce",
        "timestamp",
        "revoke_signature",
        "revoke_nonce",
        "revoke_timestamp",
    ];
    for (method, path, body) in fitting() {
        for name in body.as_object().unwrap().keys() {
            let is_answer = path.ends_with("/accept") || path.ends_with("/reject");
            let may_be_absent = optional.contains(&name.as_str()) || is_answer;
            let mut null = body.clone();
            null[name] = Value::Null;
            let mut absent = body.clone();
            absent.as_object_mut().unwrap().remove(name);
            let what = format!("{method} {path} without {name}");
            let (null, absent) = (
                alice.call(method.clone(), path, Some(null)).await,
                alice.call(method.clone(), path, Some(absent)).await,
            );
            assert_eq!((null.status, null.code()), (absent.status, absent.code()), "{what}");
            assert_eq!(
                absent.code() == "invalid_body",
                !may_be_absent,
                "{what}: {}",
                absent.text
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_400_and_json_of_another_kind_422() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let send = async |body: Vec<u8>| {
        let request = app.http.patch(app.url("/users/me/alias")).bearer_auth(&alice.token);
        answer(request.header("content-type", "application/json").body(body)).await
    };
    let deep = format!("{{\"alias\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let not_json: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b" ".to_vec(),
        b"{".to_vec(),
        b"{'alias':'alice'}".to_vec(),
        b"{\"alias\":\"alice\"} x".to_vec(),
        b"{\"alias\":\"alice\",}".to_vec(),
        b"{\"alias\":NaN}".to_vec(),
        b"{\"alias\":\"\xff\"}".to_vec(),
        b"{\"alias\":\"\\ud800\"}".to_vec(),
        b"\xef\xbb\xbf{\"alias\":\"alice\"}".to_vec(),
        b"alias=alice".to_vec(),
        deep.into_bytes(),
    ];
    for body in not_json {
        let what = String::from_utf8_lossy(&body).chars().take(40).collect::<String>();
        assert_problem(&send(body).await, 400, "malformed_json", &what);
    }
    for body in [
        "null",
        "[]",
        "\"alice\"",
        "1",
        "true",
        "[{\"alias\":\"alice\"}]",
        "[\"alice\"]",
    ] {
        assert_problem(&send(body.into()).await, 422, "invalid_body", body);
    }
    let identity = alice.get("/users/me/identity").await.expect(200).body;
    assert!(identity["handle"].is_null(), "{identity}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_character_that_no_database_stores_is_refused_and_what_only_looks_like_it_is_not() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let send = async |body: &'static str| {
        let request = app.http.patch(app.url("/users/me/profile")).bearer_auth(&alice.token);
        let request = request.header("content-type", "application/json").body(body);
        crate::support::app::answer(request).await
    };
    for body in [r#"{"firstName":"a\u0000b"}"#, r#"{"firstName":"\\\u0000"}"#] {
        send(body).await.expect_code(422, "invalid_body");
    }
    send(r#"{"firstName":"\\u0000"}"#).await.expect(200);
    for (path, status, code) in [
        ("/.well-known/user/a%00b", 404, "not_found"),
        ("/users/roles/a%00b", 404, "not_found"),
        ("/me/blobs/a%00b", 400, "invalid_blob_type"),
        ("/users/me/devices/a%00bcdefgh/wrap-secret", 422, "invalid_device_id"),
        // Of what is asked for beside the path, nothing reaches the database as it is.
        ("/users?a%00=%00", 200, ""),
    ] {
        let answer = alice.get(path).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{path}");
    }
    let checked = alice.get("/users/alias/check?alias=%00").await;
    assert!(matches!(checked.status, 200 | 422), "{}", checked.text);
}
