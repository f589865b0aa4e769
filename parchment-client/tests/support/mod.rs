//! What the tests share: the server's own test bench, and clients of it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../parchment-server/tests/support/app.rs"]
pub mod app;
#[path = "../../../parchment-server/tests/support/browser.rs"]
pub mod browser;
#[path = "../../../parchment-server/tests/support/database.rs"]
pub mod database;
#[path = "../../../parchment-server/tests/support/device.rs"]
pub mod device;
pub mod front;
pub mod killable;
pub mod liar;
pub mod person;
