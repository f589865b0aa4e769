//! The typed client of the Parchment HTTP interface and the user's side of its cryptography.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod keystore;
