//! A client generated from `openapi/parchment.json` by progenitor, from one file and nothing else.
//!
//! It shows that the document is enough for a program. The client that people should use is `parchment-client`.
// What the generator writes is not for our lints.
#![allow(clippy::all, unused, mismatched_lifetime_syntaxes, rustdoc::all)]

include!(concat!(env!("OUT_DIR"), "/client.rs"));
