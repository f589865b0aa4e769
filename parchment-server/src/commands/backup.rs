//! `parchment-server backup`: writes a backup, or verifies one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use parchment_core::time::Clock as _;

use super::Failure;
use crate::{app::SystemClock, backup, config::Settings, federation::fingerprint::Fingerprint};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct BackupArgs {
    #[command(subcommand)]
    command: Option<BackupCommand>,

    /// The file to write, one that is not there yet.
    #[arg(required = true)]
    file: Option<PathBuf>,

    /// Leave out the server's key: the backup is worth less to a thief, and needs the key from elsewhere to be restored.
    #[arg(long)]
    without_key: bool,
}

#[derive(Subcommand)]
enum BackupCommand {
    /// Check everything about a backup, and say step by step what holds.
    Verify {
        /// The backup.
        file: PathBuf,
    },
}

pub(super) async fn run(settings: Settings, args: BackupArgs) -> Result<(), Failure> {
    match (args.command, args.file) {
        (Some(BackupCommand::Verify { file }), _) => verify(file).await,
        (None, Some(file)) => make(settings, file, !args.without_key).await,
        (None, None) => Err(Failure("name the file to write".to_owned())),
    }
}

async fn make(settings: Settings, file: PathBuf, with_key: bool) -> Result<(), Failure> {
    let made = backup::make(&settings, &file, with_key, SystemClock.now())
        .await
        .map_err(Failure::of)?;
    let rows: u64 = made.manifest.rows.values().sum();
    println!(
        "{} holds {} as of {}: {rows} rows, {} bytes.",
        file.display(),
        made.manifest.server_id,
        made.manifest.created_at,
        made.bytes
    );
    if let Some(fingerprint) = Fingerprint::of_base64(&made.manifest.public_key) {
        println!("The server's key is {fingerprint}.");
    }
    if with_key {
        println!("The key itself is in the file: whoever reads it can speak as this server. Keep it secret.");
    } else {
        println!("The key itself is not in the file: without a copy of it elsewhere, this backup cannot be used.");
    }
    println!("Check it where it is kept: parchment-server backup verify FILE");
    Ok(())
}

async fn verify(file: PathBuf) -> Result<(), Failure> {
    let verified = backup::verify(&file, |step| println!("  ok {step}")).await;
    verified.map_err(|error| Failure(format!("{} is not a good backup: {error}", file.display())))?;
    println!("{} is good.", file.display());
    Ok(())
}
