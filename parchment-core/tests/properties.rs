//! What holds for every value, every text and every request, not only for those somebody thought of.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "properties/canonical.rs"]
mod canonical;
#[path = "properties/fields.rs"]
mod fields;
#[path = "properties/flips.rs"]
mod flips;
#[path = "properties/json.rs"]
mod json;
#[path = "properties/sample.rs"]
mod sample;
#[path = "properties/sealed.rs"]
mod sealed;

use proptest::prelude::ProptestConfig;

/// As many cases as given, and no files with past failures: those become tests of their own.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(count)
    }
}
