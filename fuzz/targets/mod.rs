//! What fuzzing checks: one file per target, each with a function `check` that panics when
//! something is wrong and says whether the input was accepted.
//!
//! The files know nothing of libFuzzer, so that `parchment-core/tests/corpus.rs` can replay the
//! seeds through the very same functions in an ordinary test.

pub mod canonical_json;
pub mod device_transfer;
pub mod friend_share;
pub mod handle;
pub mod headers;
pub mod inbox_body;
pub mod manifest;
pub mod recovery_slot;
pub mod sealed_record;
pub mod slow;
pub mod static_share;
pub mod stored_seed;
pub mod typed_text;
pub mod user_document;
