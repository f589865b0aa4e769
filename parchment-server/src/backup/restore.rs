//! Turning a backup into a data folder.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use tempfile::TempPath;
use zeroize::Zeroizing;

use super::{
    BackupError, create_private, folder_of,
    make::public_key,
    manifest::{DATABASE, KEY, Manifest},
    sync_folder, verify,
};
use crate::{
    config::Settings,
    federation::identity,
    store::{companions, database_file},
};

/// Where a restore unpacks, beside the database. What is found there is left over from one that was killed.
const WORK: &str = ".parchment-restore";

/// The key on the way to its place, beside it.
const WORK_KEY: &str = ".parchment-restore.key";

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the backup said about itself.
    pub manifest: Manifest,
    /// The database.
    pub database: PathBuf,
    /// Where the server's key is now.
    pub key: KeyPlace,
}

/// Where the key of a restored server is.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// It was written to this file, from the backup.
    Written(PathBuf),
    /// It was there already: in its file, or in a setting.
    Kept,
    /// Nowhere yet: it was in neither the backup nor the settings, and the server will not start without it.
    Missing(PathBuf),
}

/// Restores the backup in `file` to where these settings have the data.
///
/// Everything is verified first, as [`verify`](super::verify()) does. Nothing that is there is touched. Killed at any
/// moment, this leaves no database, or all of it: the key goes to its place first, the database second and at once, and
/// a second restore takes the place of one that was killed.
///
/// # Errors
///
/// [`BackupError`]; there is no database then.
pub async fn restore(settings: &Settings, file: &Path, mut tell: impl FnMut(&str)) -> Result<Restored, BackupError> {
    let Ok(database) = database_file(&settings.database_url()) else {
        return Err(BackupError::NoFile);
    };
    let key_file = identity::file(settings);
    let folder = folder_of(&database).to_owned();
    for folder in [&settings.data_dir, &folder] {
        make_folder(folder).map_err(BackupError::file(folder))?;
    }
    let _turn = take_turn(&folder)?;
    check_free(&database)?;

    let work = Work::new(&folder)?;
    let manifest = verify::unpack_and_check(file, &work.0, &mut tell).await?;
    let key = place_key(settings, &manifest, &work.0, key_file)?;
    let unpacked = work.0.join(DATABASE);
    let synced = fs::File::open(&unpacked).and_then(|file| file.sync_all());
    synced.map_err(BackupError::file(&unpacked))?;
    move_new(&unpacked, &database, MOVE_AWAY)?;
    sync_folder(&folder)?;
    Ok(Restored {
        manifest,
        database,
        key,
    })
}

const MOVE_AWAY: &str = "nothing is overwritten. If it is not needed any more, move it away, with the files whose names \
                         begin like it, and restore again";

/// Makes sure that there is no database, and nothing that SQLite would take for a part of the new one.
fn check_free(database: &Path) -> Result<(), BackupError> {
    for path in [database.to_owned()].into_iter().chain(companions(database)) {
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::InTheWay {
                path,
                advice: MOVE_AWAY,
            });
        }
    }
    Ok(())
}

/// Puts the key where the server looks for it, unless it is there.
fn place_key(settings: &Settings, manifest: &Manifest, work: &Path, file: PathBuf) -> Result<KeyPlace, BackupError> {
    let server = manifest.server()?;
    if let Some(seed) = identity::existing(settings)? {
        // A restore that was killed may have come as far as the key.
        return if public_key(&server, &seed) == manifest.verifying_key()? {
            Ok(KeyPlace::Kept)
        } else if identity::is_set(settings) {
            Err(BackupError::bad(
                "SERVER_IDENTITY_PRIVATE_KEY is not the key that this backup belongs to: unset it, or set it to the key \
                 that the server had",
            ))
        } else {
            Err(BackupError::InTheWay {
                path: file,
                advice: "it is another key than the one that this backup belongs to. Nothing is overwritten; move it \
                         away and restore again",
            })
        };
    }
    if manifest.key().is_none() {
        return Ok(KeyPlace::Missing(file));
    }
    // By way of its own folder, which may be on another disk than the database.
    let half = file.with_file_name(WORK_KEY);
    fs::remove_file(&half)
        .or_else(absent)
        .map_err(BackupError::file(&half))?;
    let text = Zeroizing::new(fs::read(work.join(KEY)).map_err(BackupError::file(work))?);
    let written = create_private(&half).and_then(|mut half| half.write_all(&text).and_then(|()| half.sync_all()));
    written.map_err(BackupError::file(&half))?;
    move_new(&half, &file, "nothing is overwritten; move it away and restore again")?;
    sync_folder(folder_of(&file))?;
    Ok(KeyPlace::Written(file))
}

/// Gives a file its name, in one step, unless there is another of this name.
fn move_new(from: &Path, to: &Path, advice: &'static str) -> Result<(), BackupError> {
    let path = TempPath::try_from_path(from).map_err(BackupError::file(from))?;
    path.persist_noclobber(to).map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::InTheWay {
            path: to.to_owned(),
            advice,
        },
        _ => BackupError::file(to)(failed.error),
    })
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.create(path)
}

/// What is not there need not be removed.
fn absent(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// Locks the folder against other restores until the answer is dropped, or the process is gone.
fn take_turn(folder: &Path) -> Result<fs::File, BackupError> {
    let lock = fs::File::open(folder).map_err(BackupError::file(folder))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(BackupError::Busy(folder.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(BackupError::file(folder)(error)),
    }
}

/// The folder that a restore unpacks into; gone when dropped.
struct Work(PathBuf);

impl Work {
    fn new(within: &Path) -> Result<Self, BackupError> {
        let path = within.join(WORK);
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        let swept = fs::remove_dir_all(&path).or_else(absent);
        swept
            .and_then(|()| folder.create(&path))
            .map_err(BackupError::file(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What stays is swept by the next restore.
        let _ = fs::remove_dir_all(&self.0);
    }
}
