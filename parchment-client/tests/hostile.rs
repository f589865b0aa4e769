//! A server that lies: every way of it is found out, by an error of its own, and nothing that is sent betrays a key.
//!
//! The table of attacks is the rustdoc page `parchment_client::attacks`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "hostile/blobs.rs"]
mod blobs;
#[path = "hostile/collections.rs"]
mod collections;
#[path = "hostile/identity.rs"]
mod identity;
#[path = "hostile/others.rs"]
mod others;
#[path = "hostile/page.rs"]
mod page;
#[path = "hostile/rotation.rs"]
mod rotation;
#[path = "hostile/slots.rs"]
mod slots;
#[path = "hostile/transfer.rs"]
mod transfer;
#[path = "hostile/world.rs"]
mod world;
