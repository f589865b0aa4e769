//! The numbered statements of the security page, as far as they are about the protocol itself.
//!
//! `cargo test vulns` runs these and their fellows in other crates; tests of statement *N* begin
//! with `sNN_`. That a step of receiving cannot be left out is in `compile_fail`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "properties/json.rs"]
#[allow(dead_code)]
mod json;
#[path = "properties/sample.rs"]
#[allow(dead_code)]
mod sample;

use proptest::prelude::ProptestConfig;

/// As many cases as given, and no files with past failures: those become tests of their own.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(count)
    }
}

mod vulns {
    mod alterations;
    mod answers;
    mod bits;
    mod contexts;
    mod derivations;
    mod downgrade;
    mod edges;
    mod first_use;
    mod once;
    mod origin;
    mod page;
    mod parsers;
    mod secrets;
    mod slots;
    mod timestamps;
    mod transfers;
    mod unsigned;
    mod world;
    mod wrappers;
}
