//! The command line: one file for each command.

mod admin;
mod config;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use crate::{
    config::{Settings, load, without_environment},
    demo, openapi, telemetry,
};

/// A Parchment home server: identities that people keep, and signed federation between servers.
#[derive(Parser)]
#[command(name = "parchment-server", version, about)]
struct Cli {
    /// File with settings; `parchment-server config` prints one.
    #[arg(long, global = true, env = "PARCHMENT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve,
    /// Print a file with all settings, or check what is set.
    Config(config::Arguments),
    /// See and change who may do what, without a session and beside a running server.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Print the OpenAPI document.
    Openapi,
    /// Run two servers on this machine and show them federate, step by step.
    Demo,
}

/// Why a command did not do what it was asked, in sentences for whoever typed it.
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
    let command = || Settings::augment_args(Cli::command());
    let flags = match without_environment(command()).try_get_matches() {
        Ok(flags) => flags,
        // Help names the variables too.
        Err(error) if error.kind() == ErrorKind::DisplayHelp => command().get_matches(),
        Err(error) => error.exit(),
    };
    match dispatch(&flags).await {
        Ok(code) => code,
        Err(failure) => {
            for line in failure.to_string().lines() {
                eprintln!("parchment-server: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(flags: &ArgMatches) -> Result<ExitCode, Failure> {
    let cli = Cli::from_arg_matches(flags).map_err(Failure::of)?;
    let given = || load(flags, std::env::vars_os(), cli.config.as_deref()).map_err(Failure::of);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(given()?).await?,
        Command::Config(arguments) => config::run(&arguments, given)?,
        Command::Admin(command) => {
            telemetry::quiet();
            admin::run(given()?.settings, command).await?;
        }
        Command::Openapi => print!("{}", openapi::document()),
        Command::Demo => {
            telemetry::quiet();
            return Ok(demo::run().await);
        }
    }
    Ok(ExitCode::SUCCESS)
}
