//! `parchment-server restore`: turns a backup into a data folder.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::{
    backup::{self, KeyPlace},
    config::Settings,
};

#[derive(Args)]
pub(super) struct RestoreArgs {
    /// The backup.
    file: PathBuf,
}

pub(super) async fn run(settings: Settings, args: RestoreArgs) -> Result<(), Failure> {
    let restored = backup::restore(&settings, &args.file, |step| println!("  ok {step}"))
        .await
        .map_err(|error| Failure(format!("nothing was restored from {}: {error}", args.file.display())))?;
    println!("  ok the database is at {}", restored.database.display());
    match &restored.key {
        KeyPlace::Written(path) => println!("  ok the server's key is at {}", path.display()),
        KeyPlace::Kept => println!("  ok the server's key was there already"),
        KeyPlace::Missing(path) => println!(
            "warn the server's key is not here yet, and the server does not start without it: put it at {} or set \
             SERVER_IDENTITY_PRIVATE_KEY",
            path.display()
        ),
    }
    if restored.manifest.server_id != settings.server_id().as_str() {
        println!(
            "warn this was {}, and PARCHMENT_PUBLIC_ORIGIN is {}: the server starts only under the name that its users \
             have in their handles",
            restored.manifest.server_id, settings.public_origin
        );
    }
    println!(
        "Restored as of {}. What happened since is not known here.",
        restored.manifest.created_at
    );
    Ok(())
}
