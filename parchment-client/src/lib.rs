//! The typed client of the Parchment HTTP interface and the user's side of its cryptography.
//!
//! * [`Client`]: a server's HTTP interface, one method per operation, grouped as its [resources](api) are.
//! * [`operations`]: the table of them, with what is repeated when, and why.
//! * [`account`]: a person's side, which keeps the keys and notices when the server lies; [`keystore`]: where they are kept.
//! * [`peer`]: server to server, for programs that federate. Not in browsers, which cannot listen.
//! * [`ClientError`]: no answer, a refusal, or an answer that no Parchment server gives.
//!
//! What is sent and received has the types of [`parchment_core::api`], which the server has too. What is in envelopes,
//! signatures and keys is made and checked by [`parchment_core`]; here it passes as text.
//!
//! ```no_run
//! use parchment_client::Client;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Client::new("https://home.example")?;
//! server.sign_in().request_code("alice@mail.example").await?;
//! # let typed = "12345678";
//! let session = server.sign_in().with_code("alice@mail.example", typed).await?;
//!
//! let alice = server.with_token(&session.token);
//! println!("you are {}", alice.identity().set_alias("alice").await?.handle);
//! for friend in alice.friends().list().await? {
//!     println!("{} is a friend", friend.friend_handle);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # In browsers
//!
//! For `wasm32-unknown-unknown` requests go through fetch: the browser decides about connections, proxies, certificates
//! and redirects, so the settings for those are not there, and cookies are its own. Futures are not `Send`. A page must
//! have the server's own origin, or the one that the server has as its client origin. The example `browser` is one.
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
