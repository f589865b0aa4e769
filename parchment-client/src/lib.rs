//! The typed client of the Parchment HTTP interface and the user's side of its cryptography.
//!
//! * [`Client`]: a server's HTTP interface, one method per operation, grouped as its [resources](api) are.
//! * [`operations`]: the table of them, with what is repeated when, and why.
//! * [`account`]: a person's side, which keeps the keys and notices when the server lies; [`keystore`]: where they are kept.
//! * [`peer`]: server to server, for programs that federate. Not in browsers, which cannot listen.
//! * [`ClientError`]: no answer, a refusal, or an answer that no Parchment server gives.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod account;
pub mod attacks;
mod client;
pub mod keystore;
#[cfg(not(target_arch = "wasm32"))]
pub mod peer;

pub use client::{Client, ClientBuilder, ClientError, Refused, TransportKind, api, operations};
