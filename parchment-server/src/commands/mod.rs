//! The command line: one file for each command.

mod backup;
mod doctor;
mod peer;
mod restore;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{config::Settings, demo, openapi, telemetry};

/// A Parchment home server: identities that people keep, and signed federation between servers.
#[derive(Parser)]
#[command(name = "parchment-server", version, about)]
struct Cli {
    #[command(flatten)]
    settings: Settings,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve,
    /// Write a backup of the database and the server's key to one file, while the server runs or not.
    Backup(backup::BackupArgs),
    /// Turn a backup into the database and key of a server that has neither.
    Restore(restore::RestoreArgs),
    /// Look at the servers that were met, and why messages were refused.
    Peer(peer::PeerArgs),
    /// Look the server over, step by step, and say what to do about what is not in order.
    Doctor(doctor::DoctorArgs),
    /// Print the OpenAPI document.
    Openapi,
    /// Run two servers on this machine and show them federate, step by step.
    Demo,
}

/// What commands log that say on their own what they do.
const QUIET: &str = "warn";

/// Why a command did not do what it was asked, as a sentence for whoever typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

impl Failure {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Does what the command line says.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            telemetry::start("info,poem=warn,sea_orm_migration=warn");
            serve::run(cli.settings).await
        }
        Command::Backup(args) => {
            telemetry::start(QUIET);
            backup::run(cli.settings, args).await
        }
        Command::Restore(args) => {
            telemetry::start(QUIET);
            restore::run(cli.settings, args).await
        }
        Command::Peer(args) => {
            telemetry::start(QUIET);
            peer::run(cli.settings, args).await
        }
        Command::Doctor(args) => {
            telemetry::start("error");
            doctor::run(cli.settings, args).await
        }
        Command::Openapi => {
            print!("{}", openapi::document());
            Ok(())
        }
        Command::Demo => {
            telemetry::start("error");
            return demo::run().await;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("parchment-server: {failure}");
            ExitCode::FAILURE
        }
    }
}
