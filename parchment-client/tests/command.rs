//! `parchment`, as somebody uses it who has never seen it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use support::front::Front;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

/// Somebody's machine: a folder, and a passphrase in a file.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), "correct horse\n").unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command with these lines typed.
    async fn run(&self, arguments: &[&str], typed: &str) -> Ran {
        self.run_until(arguments, async { typed.to_owned() }).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parchment"));
        command
            .args(arguments)
            .env_clear()
            .env("PARCHMENT_HOME", self.path().join("home"))
            .env("PARCHMENT_PASSPHRASE_FILE", self.path().join("passphrase"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command, and types what is known once it runs.
    async fn run_until(&self, arguments: &[&str], typed: impl Future<Output = String>) -> Ran {
        let mut child = self.command(arguments).spawn().unwrap();
        let typed = typed.await;
        let ran = tokio::task::spawn_blocking(move || {
            // One that ends without asking has closed it.
            let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
            child.wait_with_output().unwrap()
        });
        let ran = ran.await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: ran.status.code().unwrap(),
            out: text(ran.stdout),
            err: text(ran.stderr),
        }
    }

    async fn login(&self, server: &Front, email: &str) {
        let before = server.codes(email).len();
        let code = async { format!("{}\n", server.code_after(email, before).await) };
        self.run_until(&["login", &server.origin, email], code).await.done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_signs_in_makes_an_identity_and_keeps_something_in_a_minute() {
    let server = Front::start().await;
    let machine = Machine::new();
    machine.login(&server, "alice@mail.example").await;
    let created = machine
        .run(&["--json", "identity", "create", "--alias", "alice"], "")
        .await
        .done()
        .json();
    let recovery_key = created["recoveryKey"].as_str().unwrap().to_owned();
    assert_eq!(recovery_key.len(), 44);
    machine.run(&["blob", "put", "notes"], "buy milk\n").await.done();
    assert_eq!(
        machine.run(&["blob", "get", "notes"], "").await.done().out,
        "buy milk\n"
    );
    assert_eq!(machine.run(&["blob", "ls"], "").await.done().out, "notes\n");
    let shown = machine.run(&["--json", "identity", "show"], "").await.done().json();
    assert_eq!(shown["kmVersion"], 1);

    // A rotation, and another machine with the new recovery key.
    let rotated = machine.run(&["--json", "identity", "rotate"], "").await.done().json();
    assert_eq!(rotated["kmVersion"], 2);
    let new_key = rotated["recoveryKey"].as_str().unwrap();
    assert_ne!(new_key, recovery_key);
    let other = Machine::new();
    other.login(&server, "alice@mail.example").await;
    let old = other.run(&["identity", "restore"], &format!("{recovery_key}\n")).await;
    assert_eq!(old.code, 1, "{}", old.err);
    other
        .run(&["identity", "restore"], &format!("{new_key}\n"))
        .await
        .done();
    let got = other.run(&["--json", "blob", "get", "notes"], "").await.done().json();
    assert_eq!(got["text"], "buy milk\n");
    other.run(&["blob", "rm", "notes"], "").await.done();
    let gone = machine.run(&["blob", "get", "notes"], "").await;
    assert_eq!((gone.code, &*gone.out), (1, ""));

    // Nothing is missing, and nothing that was kept on disk shows a key.
    let doctor = machine.run(&["--json", "doctor"], "").await.done().json();
    assert_eq!(doctor["ok"], true, "{doctor}");
    let kept = std::fs::read_to_string(machine.path().join("home/default/keys")).unwrap();
    assert!(!kept.contains(new_key));
    assert_eq!(
        machine.run(&["--json", "sessions", "ls"], "").await.done().json()["sessions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    machine.run(&["logout"], "").await.done();
    assert_eq!(machine.run(&["blob", "ls"], "").await.code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_codes_of_their_own_and_a_sentence() {
    let server = Front::start().await;
    let machine = Machine::new();
    assert_eq!(machine.run(&["blob"], "").await.code, 2);
    let signed_out = machine.run(&["--json", "sessions", "ls"], "").await;
    assert_eq!(signed_out.code, 3);
    let said: Value = serde_json::from_str(&signed_out.err).unwrap();
    assert_eq!(said["error"], "not_signed_in");
    assert_eq!(
        machine
            .run(&["login", "http://localhost:1", "a@mail.example"], "")
            .await
            .code,
        5
    );

    machine.login(&server, "alice@mail.example").await;
    assert_eq!(machine.run(&["blob", "ls"], "").await.code, 3, "without keys");
    machine.run(&["identity", "create"], "").await.done();
    assert_eq!(machine.run(&["identity", "create"], "").await.code, 1, "a second time");
    assert_eq!(machine.run(&["blob", "put", "no such type!"], "x").await.code, 4);
    std::fs::write(machine.path().join("passphrase"), "wrong").unwrap();
    assert_eq!(machine.run(&["blob", "ls"], "").await.code, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_go_to_another_machine_by_a_code() {
    let server = Front::start().await;
    let (old, new) = (Machine::new(), Machine::new());
    old.login(&server, "alice@mail.example").await;
    old.run(&["identity", "create", "--alias", "alice"], "").await.done();
    new.login(&server, "alice@mail.example").await;
    let mut receiving = new.command(&["transfer", "receive"]).spawn().unwrap();
    let mut shown = BufReader::new(receiving.stdout.take().unwrap());
    let mut invitation = String::new();
    shown.read_line(&mut invitation).unwrap();
    let sent = old
        .run(&["--json", "transfer", "send", "--from", "-"], &invitation)
        .await
        .done()
        .json();
    let code = sent["code"].as_str().unwrap();
    writeln!(receiving.stdin.take().unwrap(), "{code}").unwrap();
    let ended = tokio::task::spawn_blocking(move || receiving.wait_with_output().unwrap())
        .await
        .unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let show = ["--json", "identity", "show"];
    assert_eq!(
        new.run(&show, "").await.done().json(),
        old.run(&show, "").await.done().json()
    );
}

#[tokio::test]
async fn completions_are_printed_for_shells() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            machine
                .run(&["completions", shell], "")
                .await
                .done()
                .out
                .contains("safety-number"),
            "{shell}"
        );
    }
}
