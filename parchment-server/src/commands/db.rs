//! `parchment-server db`: what is done to the database as a whole.

use clap::Subcommand;
use parchment_core::encoding::hex;

use super::Failure;
use crate::{config::Settings, store};

/// The database as a whole.
#[derive(Subcommand)]
pub(super) enum Db {
    /// Move everything to another database: from SQLite to PostgreSQL, or back. The server must be stopped.
    ///
    /// The target must have no rows. It gets everything or nothing, and is read back and compared before it counts. The
    /// source stays as it is.
    MigrateTo {
        /// Where to: postgres://user@host/database or sqlite:///path. A password can come in PGPASSWORD instead.
        url: String,
    },
}

pub(super) async fn run(settings: Settings, command: Db) -> Result<(), Failure> {
    match command {
        Db::MigrateTo { url } => migrate_to(&settings, &url).await,
    }
}

async fn migrate_to(settings: &Settings, url: &str) -> Result<(), Failure> {
    let moved = store::move_all(&settings.database_url(), url, |moved| {
        println!("  ok {}: {} rows, {}", moved.table, moved.rows, short(&moved.hash));
    })
    .await
    .map_err(|error| Failure(format!("nothing was moved: {error}")))?;
    let rows: u64 = moved.iter().map(|table| table.rows).sum();
    println!("Moved {rows} rows of {} tables; each reads as it did.", moved.len());
    println!(
        "Set DATABASE_URL to the new database before the server starts again, and keep the server's key ({}): it is in \
         no database.",
        crate::federation::identity::file(settings).display()
    );
    Ok(())
}

/// Enough of a hash to compare by eye.
fn short(hash: &[u8; 32]) -> String {
    hex(&hash[..8])
}
