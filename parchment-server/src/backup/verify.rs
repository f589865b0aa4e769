//! Reading a backup to its last byte.

use std::{fs, path::Path};

use parchment_core::encoding;
use zeroize::Zeroizing;

use super::{
    BackupError, archive,
    make::public_key,
    manifest::{DATABASE, FORMAT_VERSION, KEY, Manifest},
    off_the_runtime, private_folder,
};
use crate::{
    federation::identity,
    store::{Inspection, StoreError, known_migrations, unknown_migration},
};

/// Checks everything about a backup, and tells of each thing that holds in a sentence.
///
/// The database is unpacked into the system's folder for temporary files, readable by its owner only, and is gone
/// afterwards; the file itself is only read.
///
/// # Errors
///
/// [`BackupError`] says what does not hold.
pub async fn verify(file: &Path, mut tell: impl FnMut(&str)) -> Result<Manifest, BackupError> {
    let temporary = std::env::temp_dir();
    let work = private_folder(&temporary).map_err(BackupError::file(&temporary))?;
    unpack_and_check(file, work.path(), &mut tell).await
}

/// Unpacks a backup into `folder`, which is empty, and checks everything about it.
pub(super) async fn unpack_and_check(
    file: &Path,
    folder: &Path,
    tell: &mut impl FnMut(&str),
) -> Result<Manifest, BackupError> {
    let (from, to) = (file.to_owned(), folder.to_owned());
    let manifest = off_the_runtime(move || archive::unpack(&from, &to)).await?;
    tell(&format!(
        "a backup of {}, format version {FORMAT_VERSION}, written {} by parchment-server {}",
        manifest.server_id,
        manifest.created_at.escape_debug(),
        manifest.program_version.escape_debug()
    ));
    tell("every byte is as it was written: all parts have their SHA-256");

    let database = Inspection::open_copy(&folder.join(DATABASE)).await.map_err(unsound)?;
    let checked = check_database(&database, &manifest, tell).await;
    database.close().await;
    checked?;
    check_key(&manifest, folder, tell)?;
    Ok(manifest)
}

async fn check_database(
    database: &Inspection,
    manifest: &Manifest,
    tell: &mut impl FnMut(&str),
) -> Result<(), BackupError> {
    let damage = database.damage().await.map_err(unsound)?;
    if let Some(first) = damage.first() {
        return Err(BackupError::bad(format!("its database is damaged: {first}")));
    }
    if let Some(first) = database.dangling().await.map_err(unsound)?.first() {
        return Err(BackupError::bad(format!("its database is damaged: {first}")));
    }
    tell("the database is sound: integrity_check and foreign_key_check find nothing");

    let applied = database.migrations().await.map_err(unsound)?;
    if let Some(migration) = unknown_migration(&applied) {
        return Err(StoreError::NewerSchema {
            migration: migration.clone(),
        }
        .into());
    }
    if applied.is_empty() || applied != manifest.migrations {
        return Err(BackupError::bad(
            "its database has not the schema that its manifest describes",
        ));
    }
    let later = known_migrations().len() - applied.len();
    tell(&match later {
        0 => format!("its schema is this program's ({} migrations)", applied.len()),
        _ => format!("its schema is known; starting the server on it applies {later} more migrations"),
    });

    if database.row_counts().await.map_err(unsound)? != manifest.rows {
        return Err(BackupError::bad(
            "its database has not the rows that its manifest counts",
        ));
    }
    let rows: u64 = manifest.rows.values().sum();
    tell(&format!("all {rows} rows in {} tables are there", manifest.rows.len()));

    let recorded = identity::recorded(database.reader()).await.map_err(unsound)?;
    let belongs = recorded.is_some_and(|row| {
        row.server_id == manifest.server_id && encoding::encode(&row.public_key) == manifest.public_key
    });
    if !belongs {
        return Err(BackupError::bad(
            "its database belongs to another server than its manifest names",
        ));
    }
    Ok(())
}

fn check_key(manifest: &Manifest, folder: &Path, tell: &mut impl FnMut(&str)) -> Result<(), BackupError> {
    if manifest.key().is_none() {
        tell("the server's key is not in it (--without-key): to be restored, it needs the key from elsewhere");
        return Ok(());
    }
    let path = folder.join(KEY);
    let text = Zeroizing::new(fs::read_to_string(&path).map_err(BackupError::file(&path))?);
    let seed = identity::parse(&text).ok_or_else(|| BackupError::bad("what it calls the server's key is none"))?;
    if public_key(&manifest.server()?, &seed) != manifest.verifying_key()? {
        return Err(BackupError::bad(
            "the key in it is not the one that its database belongs to",
        ));
    }
    tell("the server's key is in it and belongs to the database: keep this file secret");
    Ok(())
}

/// A database that cannot be asked is the backup's fault.
fn unsound(error: StoreError) -> BackupError {
    match error {
        StoreError::Corrupt { reason } | StoreError::Internal { reason } => {
            BackupError::bad(format!("its database cannot be read: {reason}"))
        }
        error => error.into(),
    }
}
