//! The numbered statements of the security page about passkeys, shown against real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "vulns_passkeys"]
mod vulns {
    mod binding;
    mod challenges;
    mod common;
    mod lockout;
    mod order;
    mod origins;
}
