//! The command line: one file for each command.

mod admin;
mod backup;
mod config;
mod database;
mod db;
mod doctor;
mod peer;
mod restore;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgMatches, Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use crate::{
    config::{Loaded, Settings, about_secret, load, without_environment},
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
    /// Write a backup of the database and the server's key to one file, while the server runs or not.
    Backup(backup::BackupArgs),
    /// Turn a backup into the database and key of a server that has neither.
    Restore(restore::RestoreArgs),
    /// Look at the servers that were met, and why messages were refused.
    Peer(peer::PeerArgs),
    /// Move everything to another database.
    #[command(subcommand)]
    Db(db::Db),
    /// Look the server over, step by step, and say what to do about what is not in order.
    Doctor(doctor::DoctorArgs),
    /// See and change who may do what, without a session and beside a running server.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Print a file with all settings, or check what is set.
    Config(config::Arguments),
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
        Err(error) => match about_secret(&error) {
            Some(complaint) => return fail(&Failure(complaint)),
            None => error.exit(),
        },
    };
    match dispatch(&flags).await {
        Ok(code) => code,
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    for line in failure.to_string().lines() {
        eprintln!("parchment-server: {line}");
    }
    ExitCode::FAILURE
}

/// The settings, checked, for a command that works beside the server and logs no more than what is wrong.
fn beside(loaded: Loaded) -> Result<Settings, Failure> {
    telemetry::only("warn,sea_orm_migration=error");
    loaded
        .settings
        .check()
        .map_err(|error| Failure(loaded.locate(&error)))?;
    Ok(loaded.settings)
}

async fn dispatch(flags: &ArgMatches) -> Result<ExitCode, Failure> {
    let cli = Cli::from_arg_matches(flags).map_err(Failure::of)?;
    let given = || load(flags, std::env::vars_os(), cli.config.as_deref()).map_err(Failure::of);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(given()?).await?,
        Command::Config(arguments) => config::run(&arguments, given)?,
        Command::Admin(command) => admin::run(beside(given()?)?, command).await?,
        Command::Backup(arguments) => backup::run(beside(given()?)?, arguments).await?,
        Command::Restore(arguments) => restore::run(beside(given()?)?, arguments).await?,
        Command::Peer(arguments) => peer::run(beside(given()?)?, arguments).await?,
        Command::Db(command) => db::run(beside(given()?)?, command).await?,
        Command::Doctor(arguments) => {
            telemetry::only("error");
            doctor::run(given()?.settings, arguments).await?;
        }
        Command::Openapi => print!("{}", openapi::document()),
        Command::Demo => {
            telemetry::only("error");
            return Ok(demo::run().await);
        }
    }
    Ok(ExitCode::SUCCESS)
}
