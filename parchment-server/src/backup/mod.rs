//! Backups: one file with everything that a server cannot be without.
//!
//! A backup is a tar archive, so that nobody depends on this program to get at it, of a fixed form, so that every
//! byte of it can be checked:
//!
//! | entry | content |
//! |---|---|
//! | `manifest.json` | a [`Manifest`]: whose backup it is, and what must be in it |
//! | `parchment.db` | a copy of the SQLite database as of one moment |
//! | `server-identity.key` | base64 of the seed of the server's key; left out on request |
//! | `SHA256SUMS` | the digests of the others, as `sha256sum --check` reads them |
//!
//! [`make`] writes one while the server runs, [`verify`] reads one to its last byte, and [`restore`] turns one into a
//! data folder, or does nothing.

mod archive;
mod make;
mod manifest;
mod restore;
mod verify;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use self::{
    make::{Made, make},
    manifest::Manifest,
    restore::{KeyPlace, Restored, restore},
    verify::verify,
};
use crate::{federation::identity::IdentityError, store::StoreError};

/// Why a backup was not made, is not good, or was not restored. Each is a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to copy.
    #[error("there is no database at {0}: give the folder of the server's data with --data-dir")]
    NoDatabase(PathBuf),
    /// A restore makes a file, and the settings want no file.
    #[error(
        "a backup is restored into a file, and DATABASE_URL leads to PostgreSQL: restore without it, then move the \
         restored server with `parchment-server db migrate-to`"
    )]
    NoFile,
    /// The database has no server yet.
    #[error("no server was ever started on this database, so there is nothing to back up")]
    NeverStarted,
    /// The key is neither set nor in its file.
    #[error(
        "the server's key is not at hand: give the same settings as to the server, or back up --without-key and keep the \
         key elsewhere"
    )]
    NoKey,
    /// The key is not the one that the database belongs to.
    #[error("the server's key is not the one that this database belongs to: give the same settings as to the server")]
    OtherKey,
    /// The database that was to be copied is damaged.
    #[error("the database is damaged, and a backup of it would be too: {0}. Restore an earlier backup")]
    Damaged(String),
    /// The file is no good backup.
    #[error("{0}")]
    Bad(String),
    /// Something is in the way.
    #[error("{path} is there already: {advice}")]
    InTheWay {
        /// What.
        path: PathBuf,
        /// What to do about it.
        advice: &'static str,
    },
    /// Another restore works on the same folder.
    #[error("another restore is at work in {0}: wait for it to end")]
    Busy(PathBuf),
    /// A file or folder cannot be used.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }

    fn bad(sentence: impl Into<String>) -> Self {
        Self::Bad(sentence.into())
    }
}

/// The folder that a file lies in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes sure that names made or changed in a folder survive a power failure.
fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(BackupError::file(folder))
}

/// A new file for its owner's eyes.
fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new temporary folder for its owner's eyes, gone when dropped.
fn private_folder(within: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".parchment-backup-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(within)
}

/// Runs work that waits for the disk where it keeps nobody else waiting.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}
