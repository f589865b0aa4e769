//! What the black-box tests share: real servers on loopback, with real database files.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod app;
pub mod browser;
pub mod crowd;
pub mod database;
pub mod device;
pub mod farm;
pub mod front;
pub mod peer;
pub mod program;
pub mod rows;
pub mod stranger;
pub mod wire;
