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

    // The README shows exactly this, but for the ports.
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    assert!(
        without_ports(&readme).contains(&without_ports(&told)),
        "the README shows something else than\n{told}"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "something was left in the folder"
    );
}

/// The text with every port of this machine masked.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("localhost:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "localhost:" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}
