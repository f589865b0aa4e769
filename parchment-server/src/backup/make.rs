//! Making a backup, while the server runs or not.

use std::path::Path;

use parchment_core::{encoding, handle::ServerId, keys::VerifyingKey, request::ServerIdentity, time::UnixMillis};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{
    BackupError, archive, create_private, folder_of,
    manifest::{DATABASE, FORMAT, FORMAT_VERSION, KEY, Manifest},
    off_the_runtime, private_folder, sync_folder,
};
use crate::{
    config::Settings,
    federation::identity,
    store::{Inspection, StoreError, database_file, unknown_migration},
};

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// What it says about itself.
    pub manifest: Manifest,
    /// How long the file is, in bytes.
    pub bytes: u64,
}

/// Writes a backup of the server with these settings to `file`, readable by its owner only.
///
/// Everything that was acknowledged before this was called is in it. The file appears whole or not at all, and nothing
/// is overwritten. Next to it, twice the size of the database is needed for a while.
///
/// # Errors
///
/// [`BackupError`]; there is no new file then.
pub async fn make(settings: &Settings, file: &Path, with_key: bool, now: UnixMillis) -> Result<Made, BackupError> {
    let in_the_way = |path: &Path| BackupError::InTheWay {
        path: path.to_owned(),
        advice: "nothing is overwritten; choose another name",
    };
    if file.symlink_metadata().is_ok() {
        return Err(in_the_way(file));
    }
    let url = settings.database_url();
    let Some(database) = Inspection::open(&url).await? else {
        return Err(BackupError::NoDatabase(database_file(&url)?));
    };
    let work = private_folder(folder_of(file)).map_err(BackupError::file(folder_of(file)))?;
    let copy = work.path().join(DATABASE);
    // Made first, since SQLite would let others read it.
    create_private(&copy).map_err(BackupError::file(&copy))?;
    let copied = database.copy_to(&copy).await;
    database.close().await;
    copied?;

    let copy = Inspection::open_copy(&copy).await?;
    let described = describe(&copy, now).await;
    copy.close().await;
    let mut manifest = described?;
    if with_key {
        let seed = identity::existing(settings)?.ok_or(BackupError::NoKey)?;
        if public_key(&manifest.server()?, &seed) != manifest.verifying_key()? {
            return Err(BackupError::OtherKey);
        }
        write_key(&work.path().join(KEY), &seed)?;
    }

    let file = file.to_owned();
    off_the_runtime(move || {
        let names = [DATABASE].into_iter().chain(with_key.then_some(KEY));
        let parts: Result<_, _> = names.map(|name| archive::describe(work.path(), name)).collect();
        manifest.parts = parts.map_err(BackupError::file(work.path()))?;
        let folder = folder_of(&file);
        // Readable by its owner only from its first byte on.
        let half = NamedTempFile::with_prefix_in(".parchment-backup-", folder).map_err(BackupError::file(folder))?;
        let seconds = u64::try_from(now.0 / 1000).unwrap_or_default();
        let packed = archive::pack(&manifest, work.path(), half.as_file(), seconds);
        packed
            .and_then(|()| half.as_file().sync_all())
            .map_err(BackupError::file(&file))?;
        let whole = half
            .persist_noclobber(&file)
            .map_err(|failed| match failed.error.kind() {
                std::io::ErrorKind::AlreadyExists => in_the_way(&file),
                _ => BackupError::file(&file)(failed.error),
            })?;
        sync_folder(folder)?;
        let bytes = whole.metadata().map_err(BackupError::file(&file))?.len();
        Ok(Made { manifest, bytes })
    })
    .await
}

/// What the manifest says about a copy; the parts are still missing.
async fn describe(copy: &Inspection, now: UnixMillis) -> Result<Manifest, BackupError> {
    let migrations = copy.migrations().await?;
    if let Some(migration) = unknown_migration(&migrations) {
        return Err(StoreError::NewerSchema {
            migration: migration.clone(),
        }
        .into());
    }
    if migrations.is_empty() {
        return Err(BackupError::NeverStarted);
    }
    let mut damage = copy.damage().await?;
    damage.extend(copy.dangling().await?);
    if !damage.is_empty() {
        return Err(BackupError::Damaged(damage.join("; ")));
    }
    let identity = identity::recorded(copy.reader())
        .await?
        .ok_or(BackupError::NeverStarted)?;
    Ok(Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: now.to_string(),
        server_id: identity.server_id,
        public_key: encoding::encode(&identity.public_key),
        migrations,
        rows: copy.row_counts().await?,
        parts: Vec::new(),
    })
}

fn write_key(path: &Path, seed: &[u8; 32]) -> Result<(), BackupError> {
    let text = Zeroizing::new(encoding::encode(seed));
    let written = create_private(path).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(BackupError::file(path))
}

/// The public half of a server's key.
pub(super) fn public_key(server: &ServerId, seed: &[u8; 32]) -> VerifyingKey {
    ServerIdentity::new(server.clone(), seed).public_key()
}
