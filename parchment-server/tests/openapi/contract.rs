//! The contract's operations against the document: everything that the contract says of an operation is compared.
//!
//! `PARCHMENT_CONTRACT` names another contract file to hold the document against.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use serde_json::{Value, json};

use super::{document, json_schema, operations, text};

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

/// What a contract may say of an operation. Of these, notes are for people, and all else is compared.
const OF_OPERATIONS: [&str; 10] = [
    "auth",
    "method",
    "note",
    "path",
    "pathParams",
    "queryParams",
    "requestBody",
    "response",
    "responses",
    "tags",
];

/// What a contract may say of a field beyond JSON Schema's own words, which are compared as they stand.
const OF_FIELDS: [&str; 7] = ["description", "example", "fields", "items", "note", "required", "type"];

fn contract() -> Value {
    let text = match env::var("PARCHMENT_CONTRACT") {
        Ok(path) => fs::read_to_string(&path).unwrap_or_else(|error| panic!("PARCHMENT_CONTRACT={path}: {error}")),
        Err(_) => include_str!("../data/operations.json").to_owned(),
    };
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("the contract is not JSON: {error}"))
}

/// Method and path; a slash at the end is the same path.
fn name_of(operation: &Value) -> String {
    let path = text(operation, "path");
    let path = match path.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    format!("{} {path}", text(operation, "method").to_uppercase())
}

fn by_name(contract: &Value) -> BTreeMap<String, Value> {
    let all = contract["operations"].as_array().expect("a contract has operations");
    let named: BTreeMap<_, _> = all
        .iter()
        .map(|operation| (name_of(operation), operation.clone()))
        .collect();
    assert_eq!(named.len(), all.len(), "an operation stands in the contract twice");
    named
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

/// The schema of a JSON body or answer; null when there is none.
fn schema_in(content: &Value, document: &Value) -> Value {
    let content = content["content"].as_object();
    content.map_or(Value::Null, |content| {
        resolved(&content.values().next().unwrap()["schema"], document)
    })
}

/// Which way data goes: what is more than the contract in a request is a difference, in an answer it is not.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    In,
    Out,
}

/// The differences between a document and a contract: operation, place, what is so.
type Differences = BTreeMap<(String, String), String>;

struct Comparison<'a> {
    document: &'a Value,
    operation: String,
    differences: Differences,
}

impl Comparison<'_> {
    fn note(&mut self, place: &str, what: impl Into<String>) {
        let key = (self.operation.clone(), place.to_owned());
        let said = self.differences.entry(key).or_default();
        if !said.is_empty() {
            said.push_str("; ");
        }
        said.push_str(&what.into());
    }

    /// Compares the members of an object with the contract's fields.
    fn fields(&mut self, fields: &Value, schema: &Value, place: &str, way: Way) {
        let (fields, empty) = (
            fields.as_object().expect("fields are an object"),
            serde_json::Map::new(),
        );
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required = set(&schema["required"]);
        let more = properties
            .keys()
            .filter(|name| way == Way::In && !fields.contains_key(*name));
        for name in more {
            self.note(&format!("{place}{name}"), "is not in the contract");
        }
        for (name, field) in fields {
            let place = format!("{place}{name}");
            let Some(property) = properties.get(name) else {
                self.note(&place, "is missing");
                continue;
            };
            let is_required = required.contains(name.as_str());
            // An answer may promise what the contract leaves open.
            if is_required != (field["required"] == true) && (way == Way::In || !is_required) {
                self.note(&place, format!("is required: {is_required}"));
            }
            self.field(field, property, &place, way);
        }
    }

    /// Compares one field with the schema of its member.
    fn field(&mut self, field: &Value, schema: &Value, place: &str, way: Way) {
        let schema = resolved(schema, self.document);
        if let Some(difference) = type_difference(field, &schema) {
            self.note(place, difference);
        }
        for (word, expected) in field.as_object().expect("a field is an object") {
            let found = &schema[word.as_str()];
            match word.as_str() {
                "enum" if set(expected) != set(found) => self.note(place, format!("has the values {found}")),
                "example" => {
                    let schema = json_schema(&schema, self.document);
                    if !jsonschema::is_valid(&schema, expected) {
                        self.note(place, format!("does not take {expected}"));
                    }
                }
                word if word == "enum" || OF_FIELDS.contains(&word) => {}
                _ if expected != found => self.note(
                    place,
                    format!("has the {word} {found} where the contract has {expected}"),
                ),
                _ => {}
            }
        }
        if field["fields"].is_object() {
            self.fields(&field["fields"], &schema, &format!("{place}."), way);
        }
        if field["items"].is_object() {
            self.field(&field["items"], &schema["items"], &format!("{place}[]"), way);
        }
    }

    fn body(&mut self, expected: &Value, found: &Value) {
        let found_body = &found["requestBody"];
        let has_body = expected.is_object();
        if (found_body["required"] == true) != has_body {
            self.note("body", format!("is required: {}", !has_body));
        }
        let schema = schema_in(found_body, self.document);
        let none = json!({});
        self.fields(if has_body { expected } else { &none }, &schema, "", Way::In);
    }

    fn parameters(&mut self, expected: &Value, found: &Value, place: &str) {
        let (empty, no_parameters) = (serde_json::Map::new(), Vec::new());
        let expected = expected.as_object().unwrap_or(&empty);
        let found: BTreeMap<&str, &Value> = found["parameters"]
            .as_array()
            .unwrap_or(&no_parameters)
            .iter()
            .filter(|parameter| parameter["in"] == place)
            .map(|parameter| (text(parameter, "name"), parameter))
            .collect();
        for name in found.keys().filter(|name| !expected.contains_key(**name)) {
            self.note(&format!("{place} {name}"), "is not in the contract");
        }
        for (name, field) in expected {
            let at = format!("{place} {name}");
            let Some(parameter) = found.get(name.as_str()) else {
                self.note(&at, "is missing");
                continue;
            };
            let wanted = place == "path" || field["required"] == true;
            if (parameter["required"] == true) != wanted {
                self.note(&at, format!("is required: {}", !wanted));
            }
            self.field(field, &parameter["schema"], &at, Way::In);
        }
    }

    /// A contract may give the fields of the success, or those of each status.
    fn answers(&mut self, expected: &Value, found: &Value) {
        let (empty, responses) = (serde_json::Map::new(), &found["responses"]);
        let success = responses
            .as_object()
            .and_then(|all| all.keys().find(|status| status.starts_with('2')));
        let mut wanted: Vec<(String, &Value)> = Vec::new();
        if expected["response"].is_object() {
            wanted.push((success.cloned().unwrap_or_default(), &expected["response"]));
        }
        let by_status = expected["responses"].as_object().unwrap_or(&empty);
        wanted.extend(by_status.iter().map(|(status, answer)| (status.clone(), answer)));
        for (status, answer) in wanted {
            let Some(response) = responses.get(&status) else {
                self.note(&format!("answer {status}"), "is missing");
                continue;
            };
            let schema = schema_in(response, self.document);
            let place = format!("answer {status} ");
            if answer["type"].is_string() || answer["type"].is_array() {
                self.field(answer, &schema, place.trim_end(), Way::Out);
            } else if answer.is_object() {
                let fields = if answer["fields"].is_object() {
                    &answer["fields"]
                } else {
                    answer
                };
                self.fields(fields, &schema, &place, Way::Out);
            }
        }
    }

    fn caller(&mut self, expected: &str, found: &Value) {
        let (bearer, cookie) = (json!({ "bearer": [] }), json!({ "sessionCookie": [] }));
        let (security, permission) = match expected {
            "none" => (Value::Null, None),
            "optional" => (json!([bearer, cookie, {}]), None),
            "server-signature" => (json!([{ "serverSignature": [] }]), None),
            "session" => (json!([bearer, cookie]), None),
            permission => (json!([bearer, cookie]), Some(permission)),
        };
        if found["security"] != security {
            self.note(
                "auth",
                format!("is {} where the contract has {expected}", found["security"]),
            );
        }
        if let Some(permission) = permission {
            if found["responses"]["403"].is_null() {
                self.note("auth", format!("has no 403 for callers without {permission}"));
            }
            if !found.to_string().contains(permission) {
                self.note("auth", format!("does not say that it takes {permission}"));
            }
        }
    }

    fn tags(&mut self, expected: &Value, found: &Value) {
        let missing: Vec<_> = set(expected).difference(&set(&found["tags"])).copied().collect();
        if !missing.is_empty() {
            self.note("tags", format!("lack {missing:?}"));
        }
    }
}

/// Everything in which a document differs from a contract, for the operations that both have.
fn differences(contract: &Value, document: &Value) -> Differences {
    let documented = operations(document);
    let mut all = Differences::new();
    for (name, expected) in by_name(contract) {
        let Some(found) = documented.get(&name) else { continue };
        let mut comparison = Comparison {
            document,
            operation: name,
            differences: Differences::new(),
        };
        let unknown = expected
            .as_object()
            .unwrap()
            .keys()
            .filter(|word| !OF_OPERATIONS.contains(&word.as_str()));
        for word in unknown {
            comparison.note(word, "stands in the contract and is nothing that this test compares");
        }
        comparison.body(&expected["requestBody"], found);
        comparison.parameters(&expected["pathParams"], found, "path");
        if expected["queryParams"].is_object() {
            comparison.parameters(&expected["queryParams"], found, "query");
        }
        comparison.answers(&expected, found);
        comparison.caller(text(&expected, "auth"), found);
        comparison.tags(&expected["tags"], found);
        all.append(&mut comparison.differences);
    }
    all
}

fn missing(contract: &Value, document: &Value) -> Vec<String> {
    let documented = operations(document);
    by_name(contract)
        .into_keys()
        .filter(|name| !documented.contains_key(name))
        .collect()
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
    let may_be_null = property["nullable"] == true;
    let same = match &field["type"] {
        Value::Array(types) => types.contains(&property["type"]) && types.contains(&json!("null")) == may_be_null,
        // An object or list whose fields are given is one.
        Value::Null => true,
        expected => *expected == "any" || (*expected == found && !may_be_null),
    };
    let null = if may_be_null { " or null" } else { "" };
    (!same).then(|| format!("is of type {found:?}{null} where the contract has {}", field["type"]))
}

#[test]
fn every_operation_of_the_contract_is_built() {
    assert_eq!(missing(&contract(), &document()), Vec::<String>::new());
}

#[test]
fn everything_that_the_contract_says_of_an_operation_is_so_or_listed_as_wider() {
    let contract = contract();
    let (differences, named) = (differences(&contract, &document()), by_name(&contract));
    let wider: BTreeSet<(String, String)> = WIDER
        .into_iter()
        .filter(|(name, _, _)| named.contains_key(*name))
        .map(|(name, place, _)| (name.to_owned(), place.to_owned()))
        .collect();
    let unexplained: Vec<String> = differences
        .iter()
        .filter(|(place, _)| !wider.contains(place))
        .map(|((name, place), what)| format!("{name}: {place} {what}"))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let gone: Vec<_> = wider.iter().filter(|place| !differences.contains_key(*place)).collect();
    assert!(
        gone.is_empty() || env::var_os("PARCHMENT_CONTRACT").is_some(),
        "listed as wider and no longer so: {gone:?}"
    );
}

type Change = fn(&mut Value);

#[test]
fn whatever_a_contract_has_that_the_document_has_not_is_named() {
    let altered = |change: Change| {
        let mut contract = json!({ "operations": [{
            "method": "PUT", "path": "/users/me/preferences/", "tags": ["Users"], "auth": "session",
            "requestBody": {
                "language": { "type": "string", "required": false },
                "unitSystem": { "type": "string", "required": false, "enum": ["metric", "imperial"], "example": "metric" },
            },
            "responses": { "200": { "language": { "type": "string", "required": true } } },
        }] });
        change(&mut contract["operations"][0]);
        let found = differences(&contract, &document()).into_iter();
        let found: Vec<String> = found.map(|((_, place), what)| format!("{place} {what}")).collect();
        found.join("\n")
    };
    let same: Change = |_| {};
    assert_eq!(altered(same), "");
    let changes: [(Change, &str); 15] = [
        (
            |it| it["requestBody"]["colour"] = json!({ "type": "string" }),
            "colour is missing",
        ),
        (|it| it["requestBody"] = json!({}), "language is not in the contract"),
        (|it| it["requestBody"] = Value::Null, "body is required: true"),
        (
            |it| it["requestBody"]["language"]["type"] = json!("number"),
            "language is of type \"string\"",
        ),
        (
            |it| it["requestBody"]["language"]["type"] = json!(["string", "null"]),
            "language is of type \"string\"",
        ),
        (
            |it| it["requestBody"]["language"]["required"] = json!(true),
            "language is required: false",
        ),
        (
            |it| it["requestBody"]["language"]["format"] = json!("email"),
            "language has the format null",
        ),
        (
            |it| it["requestBody"]["language"]["maxLength"] = json!(3),
            "language has the maxLength 35",
        ),
        (
            |it| it["requestBody"]["unitSystem"]["enum"] = json!(["metric"]),
            "unitSystem has the values",
        ),
        (
            |it| it["requestBody"]["unitSystem"]["example"] = json!("ells"),
            "unitSystem does not take \"ells\"",
        ),
        (
            |it| it["pathParams"] = json!({ "id": { "type": "string" } }),
            "path id is missing",
        ),
        (
            |it| it["auth"] = json!("users:read"),
            "auth has no 403 for callers without users:read",
        ),
        (|it| it["auth"] = json!("none"), "where the contract has none"),
        (|it| it["tags"] = json!(["Users", "Auth"]), "tags lack [\"Auth\"]"),
        (
            |it| it["responses"]["200"]["colour"] = json!({ "type": "string" }),
            "answer 200 colour is missing",
        ),
    ];
    for (change, expected) in changes {
        let found = altered(change);
        assert!(found.contains(expected), "{expected}: {found:?}");
    }
    let unbuilt = json!({ "operations": [{ "method": "POST", "path": "/nowhere", "auth": "none" }] });
    assert_eq!(missing(&unbuilt, &document()), ["POST /nowhere"]);
}
