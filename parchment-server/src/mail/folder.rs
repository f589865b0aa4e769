//! Mail as files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::random;

/// A folder that takes one .eml file per mail.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder where it is missing.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a mail under a temporary name first, so that a reader of the folder never sees half of one.
    pub(super) async fn write(&self, mail: Vec<u8>) -> Result<(), String> {
        let name = random::id().to_string();
        let (half, whole) = (self.0.join(format!("{name}.tmp")), self.0.join(format!("{name}.eml")));
        let written =
            tokio::task::spawn_blocking(move || fs::write(&half, mail).and_then(|()| fs::rename(&half, whole)));
        let written = written.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| format!("{}: {error}", self.0.display()))
    }
}
