//! Every body has an example, and every example fits its own schema.

use serde_json::{Value, json};

use super::{document, json_schema, operations, responses};

/// Schema and, where there is one, example of the JSON in a request or answer.
fn content(holder: &Value) -> Option<&Value> {
    let types = holder["content"].as_object()?;
    assert_eq!(types.len(), 1, "one media type");
    types.values().next()
}

/// What fills the place: the example of the media type, of the schema, or of the members and items within.
fn example(schema: &Value, document: &Value) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document.pointer(&reference[1..])?, document);
    }
    if let Some(all) = schema["allOf"].as_array() {
        return example(all.first()?, document);
    }
    (schema["type"] == "array")
        .then(|| example(&schema["items"], document))
        .flatten()
        .map(|item| json!([item]))
}

#[track_caller]
fn assert_fits(example: &Value, schema: &Value, document: &Value, what: &str) {
    let schema = json_schema(schema, document);
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(example)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn every_request_body_has_an_example_that_fits() {
    let document = document();
    for (name, operation) in operations(&document) {
        let Some(content) = content(&operation["requestBody"]) else {
            continue;
        };
        let example =
            example(&content["schema"], &document).unwrap_or_else(|| panic!("{name}: its body has no example"));
        assert_fits(&example, &content["schema"], &document, &name);
    }
}

#[test]
fn every_success_with_a_body_has_an_example_that_fits() {
    let document = document();
    for (name, operation) in operations(&document) {
        for (status, response) in responses(&operation) {
            let Some(content) = content(response).filter(|_| status < 300) else {
                continue;
            };
            let example =
                example(&content["schema"], &document).unwrap_or_else(|| panic!("{name}: {status} has no example"));
            assert_fits(&example, &content["schema"], &document, &format!("{name}: {status}"));
        }
    }
}

#[test]
fn every_example_in_the_document_fits_its_schema() {
    let document = document();
    let mut examples = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(example) = property.get("example") {
                assert_fits(example, property, &document, &format!("{name}.{member}"));
            }
        }
        if let Some(example) = schema.get("example") {
            assert_fits(example, schema, &document, name);
            examples += 1;
        }
    }
    assert!(examples > 25, "{examples}");
}

#[test]
fn an_example_that_does_not_fit_would_be_noticed() {
    let document = document();
    let schema = json_schema(&json!({ "$ref": "#/components/schemas/ProfileRequest" }), &document);
    let fits = |value: Value| jsonschema::is_valid(&schema, &value);
    assert!(fits(json!({ "firstName": null, "lastName": "Liddell" })));
    assert!(!fits(json!({ "firstName": 1 })));
    assert!(!fits(json!({ "colour": "red" })), "an object in a request is closed");
    assert!(!fits(json!({ "firstName": "x".repeat(101) })));
}
