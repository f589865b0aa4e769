//! Statements 41 to 44 of the security page, for every operation of the OpenAPI document.
//!
//! What is asked is generated from the document: an operation that is added is asked too, and one whose path has an
//! id of a kind that nobody has said how to make (`things.rs`) fails until somebody has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "vulns_matrix"]
mod vulns {
    mod document;
    mod errors;
    mod framework;
    mod members;
    mod others;
    mod sessions;
    mod things;
    #[path = "../vulns_vault/common.rs"]
    #[allow(dead_code, unused_imports, reason = "these tests need a few of its helpers")]
    mod vault;
}
