//! The OpenAPI document: as committed, complete, and as the contract says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "openapi/codes.rs"]
mod codes;
#[path = "openapi/contract.rs"]
mod contract;
#[path = "openapi/examples.rs"]
mod examples;
#[path = "openapi/formats.rs"]
mod formats;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};

fn document() -> Value {
    serde_json::from_str(&parchment_server::openapi::document()).unwrap()
}

/// All operations of a document, by method and path.
fn operations(document: &Value) -> BTreeMap<String, Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let named = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation.clone()))
    });
    named.collect()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// The answers of an operation, by status.
fn responses(operation: &Value) -> BTreeMap<u16, &Value> {
    let responses = operation["responses"].as_object().unwrap().iter();
    responses
        .map(|(status, response)| (status.parse().unwrap(), response))
        .collect()
}

/// A schema of the document as JSON Schema (draft 2020-12), with all that it refers to.
///
/// OpenAPI 3.0 has `nullable` where JSON Schema lists the types, and a reference to a schema stands for it as it is.
fn json_schema(schema: &Value, document: &Value) -> Value {
    fn translated(schema: &Value) -> Value {
        match schema {
            Value::Object(members) => {
                let mut members: serde_json::Map<String, Value> = members
                    .iter()
                    // An example may look like a schema and is none.
                    .filter(|(name, _)| *name != "example")
                    .map(|(name, value)| (name.clone(), translated(value)))
                    .collect();
                if members.remove("nullable") == Some(json!(true)) {
                    if let Some(values) = members.get_mut("enum").and_then(Value::as_array_mut) {
                        values.push(Value::Null);
                    }
                    return json!({ "anyOf": [members, { "type": "null" }] });
                }
                Value::Object(members)
            }
            Value::Array(items) => items.iter().map(translated).collect(),
            other => other.clone(),
        }
    }
    let mut whole = translated(schema);
    whole["components"] = translated(&document["components"]);
    whole
}

fn needs_a_session(operation: &Value) -> bool {
    let security = operation["security"].as_array();
    security.is_some_and(|all| all.contains(&json!({ "bearer": [] })) && !all.contains(&json!({})))
}

#[test]
fn the_committed_document_is_what_the_server_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/parchment.json");
    let renew = "renew it with: cargo run -p parchment-server -- openapi > openapi/parchment.json";
    let committed = fs::read_to_string(path).unwrap_or_else(|error| panic!("openapi/parchment.json: {error}; {renew}"));
    let current = parchment_server::openapi::document();
    let differing = committed
        .lines()
        .zip(current.lines())
        .position(|(one, other)| one != other);
    let line = differing.unwrap_or_else(|| committed.lines().count().min(current.lines().count())) + 1;
    assert!(
        committed == current,
        "openapi/parchment.json is outdated from line {line} on; {renew}"
    );
}

#[test]
fn the_document_is_the_same_every_time() {
    assert_eq!(
        parchment_server::openapi::document(),
        parchment_server::openapi::document()
    );
}

#[test]
fn every_operation_says_what_it_is_for() {
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document()) {
        assert!(
            text(&operation, "summary").len() <= 40 && !text(&operation, "summary").ends_with('.'),
            "{name}: a summary is a title"
        );
        let words = text(&operation, "description").split_whitespace().count();
        let (least, why) = if name.starts_with("GET ") {
            (4, "gives")
        } else {
            (6, "changes")
        };
        assert!(words >= least, "{name} does not say what it {why}");
        for member in ["summary", "description", "operationId"] {
            assert!(!text(&operation, member).trim().is_empty(), "{name} has no {member}");
        }
        assert!(
            ids.insert(text(&operation, "operationId").to_owned()),
            "{name} has the operationId of another"
        );
        assert!(
            operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()),
            "{name} has no tag"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                !text(parameter, "description").is_empty(),
                "{name}: {} is not described",
                parameter["name"]
            );
        }
    }
}

#[test]
fn every_operation_has_a_success_and_every_refusal_names_its_codes() {
    for (name, operation) in operations(&document()) {
        let responses = responses(&operation);
        assert!(
            responses.keys().any(|status| (200..300).contains(status)),
            "{name} never succeeds"
        );
        for (status, response) in responses {
            let description = text(response, "description");
            if status < 400 {
                continue;
            }
            let content = response["content"].as_object().unwrap();
            let all = content.values().collect::<Vec<_>>();
            assert_eq!(
                all[0]["schema"]["$ref"], "#/components/schemas/ErrorBody",
                "{name}: {status}"
            );
            let codes: Vec<&str> = description.split('`').skip(1).step_by(2).collect();
            let is_code = |code: &&str| !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(
                !codes.is_empty() && codes.iter().all(is_code),
                "{name}: {status}: {description}"
            );
        }
    }
}

#[test]
fn what_can_go_wrong_with_every_request_is_documented_everywhere() {
    for (name, operation) in operations(&document()) {
        let responses = responses(&operation);
        let mut expected = vec![500, 503];
        if needs_a_session(&operation) {
            expected.push(401);
        }
        if operation.get("requestBody").is_some() {
            expected.extend([400, 413, 415, 422]);
        }
        let missing: Vec<_> = expected
            .into_iter()
            .filter(|status| !responses.contains_key(status))
            .collect();
        assert!(missing.is_empty(), "{name} does not document {missing:?}");
    }
}

#[test]
fn who_needs_a_session_may_bring_it_as_token_or_cookie() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
    assert_eq!(
        (&schemes["sessionCookie"]["in"], &schemes["sessionCookie"]["name"]),
        (&json!("cookie"), &json!("auth_session"))
    );
    let mut guarded = 0;
    for (name, operation) in operations(&document) {
        let security = operation["security"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<String> = security
            .iter()
            .flat_map(|one| one.as_object().unwrap().keys().cloned())
            .collect();
        let session: BTreeSet<String> = ["bearer", "sessionCookie"].map(str::to_owned).into();
        let is_server = named == ["serverSignature".to_owned()].into();
        assert!(
            named.is_empty() || named == session || is_server,
            "{name}: {security:?}"
        );
        assert!(
            security.iter().all(|one| one.as_object().unwrap().len() <= 1),
            "{name}: any of them, not all"
        );
        guarded += usize::from(named == session);
    }
    assert!(guarded >= 18, "{guarded}");
}

#[test]
fn every_member_of_every_schema_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(!text(schema, "description").is_empty(), "{name} is not described");
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                !text(property, "description").is_empty(),
                "{name}.{member} is not described"
            );
        }
    }
}

#[test]
fn nothing_is_null_but_in_examples() {
    fn walk(value: &Value, place: &str) {
        match value {
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| *name != "example")
                .for_each(|(name, member)| walk(member, &format!("{place}/{name}"))),
            Value::Array(items) => items.iter().for_each(|item| walk(item, place)),
            value => assert!(!value.is_null(), "{place}: readers take it for a member that is there"),
        }
    }
    walk(&document(), "");
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                members.values().for_each(|member| walk(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}
