//! What happens to servers: full disks, locked files, clocks that jump, crowds that do nothing.
//!
//! The program itself runs here, as a process of its own, so that what the system does to it is real.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "survival/bombs.rs"]
mod bombs;
#[path = "survival/clocks.rs"]
mod clocks;
#[path = "survival/crowds.rs"]
mod crowds;
#[path = "survival/disk.rs"]
mod disk;
#[path = "survival/locked.rs"]
mod locked;
#[path = "survival/wire.rs"]
mod wire;
