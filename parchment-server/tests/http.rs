//! What every operation has in common: error bodies, bodies that do not fit, paths, origins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "http/bodies.rs"]
mod bodies;
#[path = "http/errors.rs"]
mod errors;
#[path = "http/origins.rs"]
mod origins;
#[path = "http/sizes.rs"]
mod sizes;

use support::app::Answer;

/// Panics unless this is an error body as documented, with this status and code.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (status, code),
        "{what}: {}",
        answer.text
    );
    let members = answer
        .body
        .as_object()
        .unwrap_or_else(|| panic!("{what}: no object: {}", answer.text));
    assert!(
        members["message"].as_str().is_some_and(|message| !message.is_empty()),
        "{what}: {}",
        answer.text
    );
    assert_eq!(members.len(), 2, "{what}: {}", answer.text);
    let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let content_type = header("content-type").unwrap_or_default();
    assert_eq!(content_type.split(';').next(), Some("application/json"), "{what}");
    assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{what}");
    assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{what}");
    let betrays = [
        "select ",
        "insert ",
        "sqlite",
        "sqlx",
        "sea_orm",
        ".rs:",
        "/tmp",
        "panicked",
        "parchment.db",
        "src/",
    ];
    let text = answer.text.to_lowercase();
    assert!(
        !betrays.iter().any(|betrayal| text.contains(betrayal)),
        "{what}: {}",
        answer.text
    );
}
