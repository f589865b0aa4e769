//! The numbered statements of the security page about accounts, shown against real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "vulns_accounts"]
mod vulns {
    mod accounts;
    mod administration;
    mod clients;
    mod codes;
    mod common;
    mod keys;
    mod mail;
    mod signing;
    mod strangers;
    mod tables;
    mod tokens;
}
