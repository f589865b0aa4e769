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

    /// Makes sure that files can be made in it.
    pub(super) fn check(&self) -> Result<String, String> {
        let folder = self.0.display();
        match tempfile::tempfile_in(&self.0) {
            Ok(_) => Ok(format!("mail goes to files in {folder}")),
            Err(error) => Err(format!("{folder}: {error}")),
        }
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
