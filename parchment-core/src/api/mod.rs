//! The HTTP interface as types, for servers and clients alike.
//!
//! One file per resource. Names on the account side are camelCase, on the federation side
//! snake_case; both are facts of the wire. A field that can be `null` is always written, a field
//! that can be absent is left out when there is nothing to say.
//!
//! Read with serde, answers are taken from newer and other servers too: unknown members are passed over, and what only
//! this one gives has a default. Requests are read strictly.
//!
//! With the feature `openapi` the types also describe themselves to poem-openapi, so that the
//! published document and the code cannot drift apart.

pub mod accounts;
pub mod administration;
pub mod auth;
pub mod blobs;
pub mod collections;
pub mod device_transfer;
pub mod devices;
pub mod error;
#[cfg(feature = "openapi")]
mod examples;
pub mod federation;
pub mod friends;
pub mod health;
pub mod identity;
pub mod passkeys;
mod patch;
pub mod rotation;
mod text;
pub mod well_known;
mod words;
pub mod wrapped_keys;

pub use patch::Patch;
pub use text::{Email, Time};
