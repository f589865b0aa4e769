//! The numbered statements of the security page about the program as it is built, installed and run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "vulns_program"]
mod vulns {
    mod debug;
    mod logs;
    mod memory;
    mod process;
    mod supply;
}
