//! The command line: one file for each command.

mod admin;
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
    /// See and change who may do what, without a session and beside a running server.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Print the OpenAPI document.
    Openapi,
    /// Run two servers on this machine and show them federate, step by step.
    Demo,
}

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
        Command::Admin(command) => {
            telemetry::start("warn,sea_orm_migration=error");
            admin::run(cli.settings, command).await
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
