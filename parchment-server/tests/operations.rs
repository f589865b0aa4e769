//! What people who run a server do: back up, restore, look it over, and find out why a peer refuses.
//!
//! The program itself runs here, in a clean environment, beside real servers on the same database files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "operations/backup.rs"]
mod backup;
#[path = "operations/doctor.rs"]
mod doctor;
#[path = "operations/peers.rs"]
mod peers;
#[path = "operations/restore.rs"]
mod restore;
#[path = "operations/verify.rs"]
mod verify;
#[path = "operations/vulns.rs"]
mod vulns;

use std::{path::Path, process::Stdio};

use parchment_server::config::Settings;
use support::app::TestApp;
use tokio::process::Command;

/// What a run of the program said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// Panics unless it succeeded; gives what it printed.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// Panics unless it failed and said so; gives its sentence.
    #[track_caller]
    fn failed(self, word: &str) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(self.err.contains(word), "{word:?} is not in {}", self.err);
        self.err
    }

    /// Panics unless it succeeded; gives what it printed as JSON.
    #[track_caller]
    fn done_json(self) -> serde_json::Value {
        serde_json::from_str(&self.done()).unwrap()
    }
}

/// The program with these settings and nothing else in its environment.
fn command(settings: &Settings, data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
    command
        .env_clear()
        .env("PARCHMENT_LISTEN", settings.listen.to_string())
        .env("PARCHMENT_PUBLIC_ORIGIN", settings.public_origin.to_string())
        .env("PARCHMENT_DATA_DIR", data)
        .env("PARCHMENT_MAIL", format!("file:{}", data.join("mail").display()))
        .env(
            "PARCHMENT_ALLOW_LOOPBACK_PEERS",
            settings.allow_loopback_peers.to_string(),
        )
        .args(args)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(url) = &settings.database_url {
        command.env("DATABASE_URL", url);
    }
    command
}

/// Runs the program.
async fn run(settings: &Settings, data: &Path, args: &[&str]) -> Said {
    said(command(settings, data, args)).await
}

/// Runs the program beside a server, with the same settings.
async fn beside(app: &TestApp, args: &[&str]) -> Said {
    run(&app.settings, app.folder.path(), args).await
}

async fn said(mut command: Command) -> Said {
    let output = command.output().await.unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A path as an argument.
fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
