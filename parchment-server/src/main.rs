//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use parchment_server::{Server, config::Settings, demo, openapi, telemetry};

/// A Parchment home server: identities that people keep, and signed federation between servers.
#[derive(Parser)]
#[command(version, about)]
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
    /// Print the OpenAPI document.
    Openapi,
    /// Run two servers on this machine and show them federate, step by step.
    Demo,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => {
            print!("{}", openapi::document());
            ExitCode::SUCCESS
        }
        Command::Demo => {
            telemetry::start("error");
            demo::run().await
        }
        Command::Serve => {
            telemetry::start("info,poem=warn,sea_orm_migration=warn");
            serve(cli.settings).await
        }
    }
}

async fn serve(settings: Settings) -> ExitCode {
    let served = match Server::start(settings).await {
        Ok(server) => server
            .run_until(shutdown_signal())
            .await
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parchment-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Done when the process is asked to end: SIGINT or SIGTERM.
async fn shutdown_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
