//! The numbered statements of the security page about what users keep here, shown against real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "vulns_vault"]
mod vulns {
    mod bounds;
    mod common;
    mod crash;
    mod devices;
    mod others;
    mod racing;
    mod reset;
    mod rotation;
    mod secrets;
    mod sessions;
    mod slots;
}
