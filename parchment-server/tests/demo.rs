//! The demonstration is a test as well: the program runs it, and every step has to hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, process::Command};

#[test]
fn the_demonstration_holds_to_its_last_step_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
    // Where it puts its world, and nothing of the developer's own settings.
    command.arg("demo").env_clear().env("TMPDIR", folder.path());
    let output = command.current_dir(folder.path()).output().unwrap();
    let (told, complaints) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{told}{complaints}");
    assert_eq!(told.lines().last(), Some("Every step held."), "{told}");

    // What it is for: each way to cheat is refused by name.
    for code in ["replay", "invalid_server_signature", "origin_mismatch"] {
        assert!(told.contains(&format!(": 401 {code}")), "{code} is not shown:\n{told}");
    }
    assert!(
        told.lines().filter(|line| line.starts_with("  ok ")).count() >= 10,
        "{told}"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "something was left in the folder"
    );
}
