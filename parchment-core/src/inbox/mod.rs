//! Receiving: from the bytes of a request to a message that may be believed.
//!
//! The pipeline is a chain of types, and each can only be made from the one before:
//!
//! ```text
//! RawRequest ── parse ──▶ Parsed ── authenticate ──▶ Authenticated ── verify ──▶ Verified ── InboxStore ──▶ Accepted
//!   bytes         size, JSON, shape,     signed by the            signed by the         both nonces new,
//!                 headers, freshness,    server's pinned key      sender's own key      recorded with the effect
//!                 origin, recipient
//! ```
//!
//! Leaving a step out does not compile: the constructors are private, the steps consume their
//! input, and a handler can only be given an [`Accepted`]. Cheap checks come before dear ones,
//! local ones before those that ask another server; a request that is not authenticated adds
//! no row anywhere.
//!
//! ```compile_fail
//! use parchment_core::inbox::{Accepted, Verified};
//! fn skip_the_replay_check(message: Verified) -> Accepted {
//!     Accepted::new(message) // the constructor is private
//! }
//! ```
//!
//! ```compile_fail
//! use parchment_core::inbox::{Inbox, Parsed, Verified};
//! async fn skip_the_server<D: parchment_core::directory::Directory, P: parchment_core::pins::PinStore>(
//!     inbox: &Inbox<D, P>,
//!     request: Parsed,
//! ) -> Verified {
//!     inbox.verify(request).await.unwrap() // takes what `authenticate` gives, not what `parse` gives
//! }
//! ```

pub mod conformance;
mod memory;
mod pipeline;
mod store;

pub use memory::{Handler, MemoryInbox};
pub use pipeline::{Accepted, Authenticated, Inbox, Parsed, Policy, RawRequest, Verified};
pub use store::{InboxStore, Outcome, Receipt};
