//! The program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    parchment_server::commands::run().await
}
