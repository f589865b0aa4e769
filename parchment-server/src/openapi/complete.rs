//! What the framework leaves out of the document and a reader needs.
//!
//! It has no words for closed objects, leaves answers without a description, and knows a pattern only as something
//! that it checks itself, with a code of its own. All of it is added to the finished document.

use std::{collections::BTreeSet, ops::RangeInclusive};

use serde_json::{Map, Value, json};

use crate::vault::device_secrets::DEVICE_ID_LENGTH;

const ALIAS: &str = "^[A-Za-z0-9_]{3,30}$";
/// The host is a DNS name of two characters or more whose last label begins with a letter, as those of the public DNS
/// do, or a loopback address.
const HANDLE: &str = "^[A-Za-z0-9_]{3,30}@\
                      (([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\
                      |[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]\
                      |127(\\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})\
                      (:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$";
/// Base64 of 16, 32 and 64 bytes; the last digit before the padding has no stray bits.
const NONCE: &str = "^[A-Za-z0-9+/]{21}[AQgw]==$";
const KEY: &str = "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$";
const SIGNATURE: &str = "^[A-Za-z0-9+/]{85}[AQgw]==$";
/// Between users of one server the session says enough, and clients send an empty one.
const SIGNATURE_OR_NOTHING: &str = "^([A-Za-z0-9+/]{85}[AQgw]==)?$";
/// A language tag in the order of RFC 5646, section 2.1: language, script, region, variants, extensions, private use.
const LANGUAGE: &str = "^([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?\
                        (-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*\
                        (-[Xx](-[A-Za-z0-9]{1,8})+)?$";
const NO_CONTROLS: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// What texts in requests look like: schema, member, pattern.
///
/// A pattern here says what is taken; what does not fit is refused by the operation's own rule, with its own code.
const PATTERNS: [(&str, &str, &str); 24] = [
    ("AliasRequest", "alias", ALIAS),
    ("EnvelopeRequest", "nonce", NONCE),
    ("EnvelopeRequest", "signature", SIGNATURE_OR_NOTHING),
    ("FlushItem", "nonce", NONCE),
    ("FlushItem", "peerHandle", HANDLE),
    ("FlushItem", "signature", SIGNATURE),
    ("Identity", "encryptionKey", KEY),
    ("Identity", "signingKey", KEY),
    ("InboxMessage", "from", HANDLE),
    ("InboxMessage", "nonce", NONCE),
    ("InboxMessage", "signature", SIGNATURE),
    ("InboxMessage", "to", HANDLE),
    ("InviteRequest", "handle", HANDLE),
    ("InviteRequest", "nonce", NONCE),
    ("InviteRequest", "signature", SIGNATURE_OR_NOTHING),
    ("KeysRequest", "encryptionKey", KEY),
    ("KeysRequest", "signingKey", KEY),
    ("ManifestDocument", "public_key", KEY),
    ("PreferencesRequest", "language", LANGUAGE),
    ("ProfileRequest", "firstName", NO_CONTROLS),
    ("ProfileRequest", "lastName", NO_CONTROLS),
    ("ProfileRequest", "picture", NO_CONTROLS),
    ("RevokeRequest", "revoke_nonce", NONCE),
    ("RevokeRequest", "revoke_signature", SIGNATURE_OR_NOTHING),
];

/// Texts in requests that are instants: schema and member.
const INSTANTS: [(&str, &str); 5] = [
    ("EnvelopeRequest", "timestamp"),
    ("FlushItem", "timestamp"),
    ("InboxMessage", "timestamp"),
    ("InviteRequest", "timestamp"),
    ("RevokeRequest", "revoke_timestamp"),
];

/// Objects in requests that browsers write: what they add is passed over.
const OPEN: [&str; 4] = [
    "AssertionResponse",
    "AttestationResponse",
    "PasskeyAssertion",
    "PasskeyRegistration",
];

/// What parameters look like, by their name: in paths and in queries.
const PARAMETERS: [(&str, &str); 5] = [
    ("deviceId", "^[a-zA-Z0-9-]+$"),
    ("handle", HANDLE),
    ("peerHandle", HANDLE),
    ("revoke_nonce", NONCE),
    ("revoke_signature", SIGNATURE_OR_NOTHING),
];

/// How long parameters are, by their name.
const LENGTHS: [(&str, RangeInclusive<usize>); 1] = [("deviceId", DEVICE_ID_LENGTH)];

/// Adds all of it.
pub(super) fn complete(document: &mut Value) {
    close_requests(document);
    describe_answers(document);
    for (schema, member, pattern) in PATTERNS {
        add(document, schema, member, "pattern", pattern);
    }
    for (schema, member) in INSTANTS {
        add(document, schema, member, "format", "date-time");
    }
    for operation in operations(document) {
        // Indexing for a change would add the member where it is missing.
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            if let Some((_, pattern)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
                parameter["schema"]["pattern"] = json!(pattern);
            }
            if let Some((_, length)) = LENGTHS.iter().find(|(known, _)| *known == name) {
                parameter["schema"]["minLength"] = json!(length.start());
                parameter["schema"]["maxLength"] = json!(length.end());
            }
        }
    }
}

fn add(document: &mut Value, schema: &str, member: &str, keyword: &str, value: &str) {
    let pointer = format!("/components/schemas/{schema}/properties/{member}");
    if let Some(property) = document.pointer_mut(&pointer) {
        property[keyword] = json!(value);
    }
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten();
    paths.flat_map(|(_, operations)| operations.as_object_mut().into_iter().flatten().map(|(_, one)| one))
}

/// Says of every object in a request, but those that browsers write, that it takes no other members than it lists.
fn close_requests(document: &mut Value) {
    let mut waiting: Vec<String> = operations(document)
        .flat_map(|operation| references(&operation["requestBody"]))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(schema) = document.pointer_mut(&format!("/components/schemas/{name}")) else {
            continue;
        };
        waiting.extend(references(schema));
        let members = schema
            .as_object_mut()
            .filter(|schema| schema.contains_key("properties") && !OPEN.contains(&name.as_str()));
        if let Some(members) = members.filter(|schema| !schema.contains_key("additionalProperties")) {
            members.insert("additionalProperties".to_owned(), json!(false));
        }
    }
}

/// The names of the schemas that something refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|path| path.rsplit('/').next()).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Describes answers that nobody described: by what they carry.
fn describe_answers(document: &mut Value) {
    let schemas = document["components"]["schemas"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for operation in operations(document) {
        for (_, response) in operation
            .get_mut("responses")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            if response["description"].as_str().is_some_and(str::is_empty) {
                response["description"] = json!(carried(&response["content"], &schemas));
            }
        }
    }
}

fn carried(content: &Value, schemas: &Map<String, Value>) -> String {
    let schema = content.as_object().and_then(|types| types.values().next());
    let schema = schema.map_or(&Value::Null, |media_type| &media_type["schema"]);
    let names = references(schema);
    let described = names
        .first()
        .and_then(|name| schemas.get(name))
        .map(|schema| &schema["description"]);
    let described = described.and_then(Value::as_str).unwrap_or("Done.");
    // The first paragraph, without the operation that some descriptions begin with.
    let first = described.split("\n\n").next().unwrap_or(described);
    let said = match first.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        Some((_, rest)) => rest.trim_start_matches([':', '.', ' ']),
        None => first,
    };
    let said = if said.is_empty() { "Done." } else { said };
    let capital = said.chars().next().into_iter().flat_map(char::to_uppercase);
    let sentence: String = capital.chain(said.chars().skip(1)).collect();
    if schema["type"] == "array" {
        format!("A list. Each: {sentence}")
    } else {
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_and_instant_is_of_a_member_that_the_document_has() {
        let document: Value = serde_json::from_str(&super::super::document()).unwrap();
        let member = |schema, member| document["components"]["schemas"][schema]["properties"][member].clone();
        for (schema, name, pattern) in PATTERNS {
            assert_eq!(member(schema, name)["pattern"], pattern, "{schema}.{name}");
            assert_eq!(member(schema, name)["type"], "string", "{schema}.{name}");
        }
        for (schema, name) in INSTANTS {
            assert_eq!(member(schema, name)["format"], "date-time", "{schema}.{name}");
        }
        let text = document["paths"].to_string();
        let lengths = LENGTHS.iter().map(|(name, _)| *name);
        for name in PARAMETERS.into_iter().map(|(name, _)| name).chain(lengths) {
            assert!(text.contains(&format!("\"name\":\"{name}\"")), "{name}");
        }
    }
}
