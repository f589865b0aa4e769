//! What the framework does by default and must not happen here, for every operation.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    document::{Auth, document, operations, sample},
    things::Alice,
};
use crate::support::{
    app::{Answer, TestApp, answer},
    stranger::StrangeServer,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_far_too_long_is_refused_unread_by_every_operation_that_takes_one() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let mut refused = 0;
    for operation in operations() {
        if operation.body.is_none() {
            continue;
        }
        let path = operation.path_with("01890000-0000-7000-8000-000000000000");
        let head = format!(
            "{} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 1000000000000\r\n\r\n",
            operation.method, alice.token
        );
        let mut stream = TcpStream::connect(app.settings.listen).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answered = Vec::new();
        // Nothing of the body is ever sent, so an answer comes only from a server that does not wait for it.
        stream.read_to_end(&mut answered).await.unwrap();
        let answered = String::from_utf8(answered).unwrap();
        let name = operation.name();
        assert!(answered.starts_with("HTTP/1.1 413 "), "{name}: {answered}");
        assert!(answered.contains("\"code\":\"body_too_large\""), "{name}: {answered}");
        refused += 1;
    }
    assert!(refused > 10, "{refused}");
}

/// Panics unless an answer is one that the document has, down to its members.
///
/// A member that may be absent and is not `nullable` must not come as null.
fn assert_documented(answer: &Answer, operation: &Value, document: &Value, what: &str) {
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        response.is_object(),
        "{what}: {} is not documented: {}",
        answer.status,
        answer.text
    );
    let Some(content) = response["content"].as_object() else {
        assert!(answer.text.is_empty(), "{what}: {}", answer.text);
        return;
    };
    let (media_type, content) = content.iter().next().unwrap();
    assert_eq!(answer.headers["content-type"], media_type.as_str(), "{what}");
    let mut schema = strict(&content["schema"]);
    schema["components"] = strict(&document["components"]);
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&answer.body)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}: {}", answer.text);
}

/// A schema of OpenAPI 3.0 as JSON Schema in which every object has the members it lists and no others.
fn strict(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| *name != "example");
            let mut members: serde_json::Map<String, Value> =
                kept.map(|(name, value)| (name.clone(), strict(value))).collect();
            if members.contains_key("properties") && members.get("type") == Some(&json!("object")) {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            match members.remove("nullable") {
                Some(Value::Bool(true)) => json!({ "anyOf": [members, { "type": "null" }] }),
                _ => Value::Object(members),
            }
        }
        Value::Array(items) => items.iter().map(strict).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_absent_is_left_out_and_null_comes_only_where_the_document_has_it() {
    let (app, elsewhere) = (TestApp::start().await, StrangeServer::start().await);
    let alice = Alice::with_everything(&app, &elsewhere).await;
    let mut nobody = app.sign_in("newcomer@mail.example").await;
    let document = document();
    let mut seen = 0;
    for operation in operations() {
        let described = &document["paths"][&operation.path][operation.method.as_str().to_lowercase()];
        let path = alice.path_of(&operation);
        if nobody.get("/auth/sessions").await.status != 200 {
            nobody = app.sign_in("newcomer@mail.example").await;
        }
        // Reading gives whole answers; changing is asked of somebody who has nothing to lose.
        let asked = if operation.changes() {
            vec![&nobody]
        } else {
            vec![&alice.person, &nobody]
        };
        for person in asked {
            let body = operation.body.as_ref().map(|schema| sample(schema, &document));
            let answered = person.call(operation.method.clone(), &path, body).await;
            assert_documented(&answered, described, &document, &operation.name());
            seen += usize::from(answered.status < 300);
        }
    }
    assert!(seen > 20, "only {seen} successes");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_is_plain_text() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let is_json = |answer: &Answer, what: &str| {
        assert!(answer.status >= 400, "{what}: {}", answer.status);
        assert_eq!(
            answer.headers["content-type"], "application/json; charset=utf-8",
            "{what}: {}",
            answer.text
        );
        assert!(
            answer.body["code"].is_string() && answer.body["message"].is_string(),
            "{what}: {}",
            answer.text
        );
    };
    for operation in operations() {
        let (name, path) = (operation.name(), operation.path_with("%FF"));
        let request = || {
            app.http
                .request(operation.method.clone(), app.url(&path))
                .bearer_auth(&alice.token)
        };
        if operation.auth == Auth::Session {
            is_json(
                &app.call(operation.method.clone(), &path, None).await,
                &format!("{name} without a session"),
            );
        }
        if !operation.parameters().is_empty() {
            is_json(&answer(request()).await, &format!("{name} with bytes that are no text"));
        }
        if operation.body.is_some() {
            for (content_type, body) in [
                ("text/plain", "{}"),
                ("application/json", "{"),
                ("application/json", "[]"),
            ] {
                let with_body = request().header("content-type", content_type).body(body);
                is_json(&answer(with_body).await, &format!("{name} with {content_type} {body}"));
            }
        }
        let below = format!("{path}/no/such/path");
        is_json(
            &app.call(operation.method.clone(), &below, None).await,
            &format!("{name} and below"),
        );
        is_json(
            &app.call(Method::TRACE, &path, None).await,
            &format!("TRACE of {}", operation.path),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_reads_the_text_that_was_signed_and_not_what_a_reader_made_of_it() {
    let app = TestApp::start().await;
    let document = document();
    let inbox = operations()
        .into_iter()
        .find(|operation| operation.auth == Auth::Server)
        .unwrap();
    let text = sample(inbox.body.as_ref().unwrap(), &document).to_string();
    // A reader that goes by values keeps the last of two members and rounds the number: both would be accepted.
    let doubled = text.replacen('{', "{\"from\":\"mallory@home.example\",", 1);
    let rounded = text.replacen("\"payload\":{}", "\"payload\":{\"n\":9007199254740993}", 1);
    for (altered, what) in [(doubled, "a member twice"), (rounded, "a number that is rounded")] {
        assert_ne!(altered, text, "{what}");
        let request = app
            .http
            .post(app.url(&inbox.path))
            .header("content-type", "application/json");
        answer(request.body(altered)).await.expect_code(400, "ambiguous_json");
    }
}
