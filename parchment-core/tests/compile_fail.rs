//! Leaving out a step of receiving, signing what must not be signed, or sealing with what is for something else, does
//! not compile.
//!
//! The recorded messages are those of rustc 1.95; after a change of compiler they are renewed
//! with `TRYBUILD=overwrite cargo test -p parchment-core --test compile_fail`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

/// The compiler whose messages are recorded.
const RECORDED: &str = "rustc 1.95.";

#[test]
fn the_steps_of_receiving_cannot_be_skipped_or_forged() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    if !version.starts_with(RECORDED) {
        // Other compilers word the same refusals differently; the doctests of `inbox` refuse there too.
        assert!(
            std::env::var_os("PARCHMENT_REQUIRE_SERVICES").is_none_or(|required| required != "1"),
            "this needs {RECORDED}x, and here is {version}"
        );
        println!("skipped: this needs {RECORDED}x, and here is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
