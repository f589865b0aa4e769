//! Leaving out a step of receiving, or signing what must not be signed, does not compile.
//!
//! The recorded messages are those of rustc 1.95; after a change of compiler they are renewed
//! with `TRYBUILD=overwrite cargo test -p parchment-core --test compile_fail`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[test]
fn the_steps_of_receiving_cannot_be_skipped_or_forged() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
