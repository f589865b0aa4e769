//! What fuzzing checks: one file per target, each with a function `check` that panics when
//! something is wrong and says whether the input was accepted.
//!
//! The files know nothing of libFuzzer, so that `parchment-core/tests/corpus.rs` can replay the
//! seeds through the very same functions in an ordinary test.

pub mod canonical_json;
pub mod handle;
pub mod headers;
pub mod inbox_body;
pub mod manifest;
pub mod slow;
pub mod user_document;
