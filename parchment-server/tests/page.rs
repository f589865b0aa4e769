//! The page of an account, in a real browser with a virtual authenticator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "page/account.rs"]
mod account;
#[path = "page/authenticator.rs"]
mod authenticator;
#[path = "page/passkeys.rs"]
mod passkeys;
#[path = "page/served.rs"]
mod served;
#[path = "page/visitor.rs"]
mod visitor;
