//! The contract's operations against the document: request fields, their types, which are required, who may call.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{document, operations, text};

/// What the contract has and this server does not have yet. An operation that is built leaves this list.
const LATER: [&str; 0] = [];

/// Where the server is wider than the contract, and why: operation, place in the body, reason.
const WIDER: [(&str, &str, &str); 8] = [
    (
        "PATCH /users/me/profile",
        "picture",
        "a person may show one, and http-api lets her set it here",
    ),
    (
        "POST /users",
        "roles",
        "a person may have several, and http-api lets them be given at once",
    ),
    (
        "POST /auth/passkeys/register/verify",
        "name",
        "the contract's note lets newer clients leave it out",
    ),
    (
        "POST /auth/passkeys/register/verify",
        "authenticatorAttachment",
        "browsers that do not know it leave it out",
    ),
    (
        "POST /auth/passkeys/authenticate/verify",
        "authenticatorAttachment",
        "the contract's note: absent or null, as browsers send it",
    ),
    (
        "POST /auth/passkeys/authenticate/verify",
        "response.userHandle",
        "the contract's note: absent or null, as browsers send it",
    ),
    (
        "POST /users/me/km-version/commit",
        "points",
        "they would become unreadable otherwise; http-api has them",
    ),
    (
        "POST /users/me/km-version/commit",
        "drop",
        "nothing is left behind without being named; http-api has it",
    ),
];

fn contract() -> BTreeMap<String, Value> {
    let contract: Value = serde_json::from_str(include_str!("../data/operations.json")).unwrap();
    let named = contract["operations"].as_array().unwrap().iter();
    named
        .map(|operation| {
            (
                format!("{} {}", text(operation, "method"), text(operation, "path")),
                operation.clone(),
            )
        })
        .collect()
}

/// Contract operations that the document has, with both sides.
fn common() -> Vec<(String, Value, Value)> {
    let documented = operations(&document());
    let both = contract().into_iter().filter_map(|(name, expected)| {
        let found = documented.get(&name)?.clone();
        Some((name, expected, found))
    });
    both.collect()
}

/// A schema with references followed.
fn resolved(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolved(document.pointer(&reference[1..]).unwrap(), document);
    }
    match schema["allOf"].as_array() {
        Some(all) => resolved(&all[0], document),
        None => schema.clone(),
    }
}

/// The schema of an operation's JSON body; null when it has none.
fn body(operation: &Value, document: &Value) -> Value {
    let content = operation["requestBody"]["content"].as_object();
    content.map_or(Value::Null, |content| {
        resolved(&content.values().next().unwrap()["schema"], document)
    })
}

/// Compares the members of an object with the contract's fields; notes each difference by its place.
fn compare(fields: &Value, schema: &Value, place: &str, document: &Value, differences: &mut BTreeMap<String, String>) {
    let empty = serde_json::Map::new();
    let fields = fields.as_object().unwrap_or(&empty);
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let required: BTreeSet<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for name in properties.keys().filter(|name| !fields.contains_key(*name)) {
        differences.insert(format!("{place}{name}"), "is not in the contract".to_owned());
    }
    for (name, field) in fields {
        let place = format!("{place}{name}");
        let Some(property) = properties.get(name) else {
            differences.insert(place, "is missing".to_owned());
            continue;
        };
        if required.contains(name.as_str()) != (field["required"] == true) {
            let required = required.contains(name.as_str());
            differences.insert(place.clone(), format!("is required: {required}"));
        }
        let property = resolved(property, document);
        if let Some(difference) = type_difference(field, &property) {
            differences.insert(place.clone(), difference);
        }
        if field["enum"].is_array() && set(&field["enum"]) != set(&property["enum"]) {
            differences.insert(place.clone(), format!("has the values {}", property["enum"]));
        }
        if field["format"].is_string() && field["format"] != property["format"] {
            differences.insert(place.clone(), format!("has the format {}", property["format"]));
        }
        if field["fields"].is_object() {
            compare(&field["fields"], &property, &format!("{place}."), document, differences);
        }
        if field["items"]["fields"].is_object() {
            let item = resolved(&property["items"], document);
            compare(
                &field["items"]["fields"],
                &item,
                &format!("{place}[]."),
                document,
                differences,
            );
        }
    }
}

fn set(values: &Value) -> BTreeSet<&str> {
    values
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn type_difference(field: &Value, property: &Value) -> Option<String> {
    let found = text(property, "type");
    let same = match &field["type"] {
        Value::Array(types) => {
            let may_be_null = types.contains(&json!("null"));
            types.contains(&property["type"]) && (!may_be_null || property["nullable"] == true)
        }
        expected => *expected == "any" || *expected == found,
    };
    (!same).then(|| format!("is of type {found:?} where the contract has {}", field["type"]))
}

#[test]
fn what_is_not_built_yet_is_listed_by_name() {
    let documented = operations(&document());
    let missing: Vec<String> = contract()
        .into_keys()
        .filter(|name| !documented.contains_key(name))
        .collect();
    assert_eq!(missing, LATER);
}

#[test]
fn request_bodies_have_the_contracts_fields_types_and_required_marks() {
    let document = document();
    let mut differences = BTreeMap::new();
    for (name, expected, found) in common() {
        let mut own = BTreeMap::new();
        compare(
            &expected["requestBody"],
            &body(&found, &document),
            "",
            &document,
            &mut own,
        );
        differences.extend(own.into_iter().map(|(place, what)| ((name.clone(), place), what)));
    }
    let wider: BTreeSet<(String, String)> = WIDER
        .into_iter()
        .map(|(name, place, _)| (name.to_owned(), place.to_owned()))
        .collect();
    let unexplained: Vec<String> = differences
        .iter()
        .filter(|(place, _)| !wider.contains(place))
        .map(|((name, place), what)| format!("{name}: {place} {what}"))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let gone: Vec<_> = wider.iter().filter(|place| !differences.contains_key(*place)).collect();
    assert!(gone.is_empty(), "listed as wider and no longer so: {gone:?}");
}

#[test]
fn a_body_that_the_contract_requires_is_required() {
    for (name, expected, found) in common() {
        let has_body = expected["requestBody"].is_object();
        assert_eq!(found["requestBody"]["required"] == true, has_body, "{name}");
    }
}

#[test]
fn path_parameters_have_the_contracts_names() {
    for (name, expected, found) in common() {
        let expected: BTreeSet<&String> = expected["pathParams"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.keys())
            .collect();
        let parameters = found["parameters"].as_array().into_iter().flatten();
        let named: BTreeSet<String> = parameters
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| text(parameter, "name").to_owned())
            .collect();
        assert_eq!(named.iter().collect::<BTreeSet<_>>(), expected, "{name}");
    }
}

#[test]
fn the_permission_that_the_contract_asks_for_is_said_in_the_description() {
    let mut permitted = 0;
    for (name, expected, found) in common() {
        let auth = text(&expected, "auth");
        let needs = auth.contains(':').then(|| auth.to_owned());
        assert_eq!(super::needs(&found), needs, "{name}");
        permitted += usize::from(needs.is_some());
    }
    assert_eq!(permitted, 4);
}

#[test]
fn who_may_call_is_as_the_contract_says() {
    let (bearer, cookie) = (json!({ "bearer": [] }), json!({ "sessionCookie": [] }));
    for (name, expected, found) in common() {
        let security = match text(&expected, "auth") {
            "none" => Value::Null,
            "optional" => json!([bearer, cookie, {}]),
            "server-signature" => json!([{ "serverSignature": [] }]),
            _ => json!([bearer, cookie]),
        };
        assert_eq!(found["security"], security, "{name}");
    }
}
