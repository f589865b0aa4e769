//! The table of operations against the document of the server, and every method against the server itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;

use parchment_client::operations::OPERATIONS;
use serde_json::Value;

/// Operations of the document by id: method, path, and whether a session is looked at.
fn documented() -> BTreeMap<String, (String, String, bool)> {
    let document: Value = serde_json::from_str(include_str!("../../openapi/parchment.json")).unwrap();
    let mut operations = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let schemes = operation["security"].as_array().into_iter().flatten();
            let session = schemes.clone().any(|scheme| scheme.get("bearer").is_some());
            operations.insert(id.to_owned(), (method.to_uppercase(), path.clone(), session));
        }
    }
    operations
}

#[test]
fn every_documented_operation_has_its_place_in_the_client_and_no_other_has() {
    let ours: BTreeMap<_, _> = OPERATIONS
        .iter()
        .map(|operation| {
            let place = (
                operation.method.as_str().to_owned(),
                operation.path.to_owned(),
                operation.session,
            );
            (operation.id.to_owned(), place)
        })
        .collect();
    assert_eq!(ours.len(), OPERATIONS.len(), "an id is there twice");
    assert_eq!(ours, documented());
}

#[test]
fn clients_go_from_thread_to_thread() {
    fn assert<T: Clone + Send + Sync + 'static>() {}
    fn assert_future<T: Send>(_: &T) {}
    assert::<parchment_client::Client>();
    let client = parchment_client::Client::new("https://home.example").unwrap();
    assert_future(&client.sessions().list());
    assert_future(&client.users().all());
    assert_future(&client.points("id").list());
}
