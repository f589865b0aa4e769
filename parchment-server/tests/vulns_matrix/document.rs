//! The operations of the document, and bodies that fit them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// The document that the server publishes.
pub fn document() -> Value {
    serde_json::from_str(&parchment_server::openapi::document()).unwrap()
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    Nobody,
    MaySignIn,
    Session,
    Server,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: Method,
    pub path: String,
    pub auth: Auth,
    /// The schema of its JSON body, references and all.
    pub body: Option<Value>,
    pub queries: Vec<String>,
    /// Whether it cannot be called without a query.
    pub needs_query: bool,
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// The names of the parameters in its path.
    pub fn parameters(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect()
    }

    /// Its path with these values for its parameters, in their order.
    pub fn path_of(&self, values: &[String]) -> String {
        assert_eq!(self.parameters().len(), values.len(), "{}: {values:?}", self.name());
        let mut values = values.iter().map(|value| encoded(value));
        let parts = self.path.split('/').map(|part| {
            if part.starts_with('{') {
                values.next().unwrap()
            } else {
                part.to_owned()
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Its path with the same text for every parameter.
    pub fn path_with(&self, value: &str) -> String {
        let parts = self.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { value } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// A value as it stands in a path.
fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

/// All operations of the document.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let content = operation["requestBody"]["content"].as_object();
            let queries = operation["parameters"].as_array().into_iter().flatten();
            let queries: Vec<&Value> = queries.filter(|parameter| parameter["in"] == "query").collect();
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                auth: auth(operation),
                body: content.map(|content| content.values().next().unwrap()["schema"].clone()),
                needs_query: queries.iter().any(|parameter| parameter["required"] == true),
                queries: queries
                    .iter()
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect(),
            });
        }
    }
    assert!(all.len() > 25, "only {} operations", all.len());
    all
}

fn auth(operation: &Value) -> Auth {
    let Some(security) = operation["security"].as_array() else {
        return Auth::Nobody;
    };
    let has = |scheme: &str| security.iter().any(|one| one.get(scheme).is_some());
    match (has("bearer"), has("serverSignature"), security.contains(&json!({}))) {
        (true, false, false) => Auth::Session,
        (true, false, true) => Auth::MaySignIn,
        (false, true, false) => Auth::Server,
        other => panic!("{other:?}: {security:?}"),
    }
}

/// A schema with its reference followed.
pub fn resolved(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolved(document.pointer(&reference[1..]).unwrap(), document);
    }
    match schema["allOf"].as_array() {
        Some(all) => resolved(&all[0], document),
        None => schema.clone(),
    }
}

/// A value of a schema: its example, with the objects that the example leaves out.
pub fn sample(schema: &Value, document: &Value) -> Value {
    let schema = resolved(schema, document);
    let example = schema.get("example").or_else(|| schema.get("default")).cloned();
    if let Some(properties) = schema["properties"].as_object() {
        let wanted = properties
            .iter()
            .filter(|(_, property)| example.is_none() || !closed_objects(property, document).is_empty());
        let mut members: Map<String, Value> = wanted
            .map(|(name, property)| (name.clone(), sample(property, document)))
            .collect();
        members.extend(
            example
                .and_then(|example| example.as_object().cloned())
                .unwrap_or_default(),
        );
        return Value::Object(members);
    }
    if let Some(example) = example {
        return example;
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    match schema["type"].as_str().unwrap_or_default() {
        "array" => json!([sample(&schema["items"], document)]),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "object" => json!({}),
        _ => json!("text"),
    }
}

/// The places of all objects in a body that take no members but their own: JSON pointers into a [`sample`].
pub fn closed_objects(schema: &Value, document: &Value) -> Vec<String> {
    objects(schema, document, "", true)
}

/// The places of all objects in a body that take any member.
pub fn open_objects(schema: &Value, document: &Value) -> Vec<String> {
    objects(schema, document, "", false)
}

fn objects(schema: &Value, document: &Value, place: &str, closed: bool) -> Vec<String> {
    let schema = resolved(schema, document);
    let mut found = Vec::new();
    if schema["type"] == "object" && closed == (schema["additionalProperties"] == false) {
        found.push(place.to_owned());
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(objects(property, document, &format!("{place}/{name}"), closed));
    }
    if schema["items"].is_object() {
        found.extend(objects(&schema["items"], document, &format!("{place}/0"), closed));
    }
    found
}

/// The places of all members in a body that are texts or numbers or lists, not objects.
pub fn leaves(schema: &Value, document: &Value, place: &str) -> Vec<String> {
    let schema = resolved(schema, document);
    let mut found = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(leaves(property, document, &format!("{place}/{name}")));
    }
    if schema["items"].is_object() {
        found.extend(leaves(&schema["items"], document, &format!("{place}/0")));
    }
    if found.is_empty() && !place.is_empty() {
        found.push(place.to_owned());
    }
    found
}

/// Puts a value at a place of a body, which may not have had that member, nor the list or object that it is in.
pub fn put(body: &mut Value, place: &str, value: Value) {
    let mut at = body;
    for step in place.split('/').skip(1) {
        at = match step.parse::<usize>() {
            Err(_) => &mut at[step],
            Ok(index) => {
                if at.is_null() {
                    *at = json!([]);
                }
                let items = at.as_array_mut().unwrap_or_else(|| panic!("{place}"));
                items.resize(items.len().max(index + 1), Value::Null);
                &mut items[index]
            }
        };
    }
    *at = value;
}
