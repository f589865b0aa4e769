//! The first entry of a backup.

use std::collections::BTreeMap;

use parchment_core::{handle::ServerId, keys::VerifyingKey};
use serde::{Deserialize, Serialize};

use super::BackupError;

/// What this program writes and reads.
pub(super) const FORMAT: &str = "parchment-backup";
pub(super) const FORMAT_VERSION: u32 = 1;

/// The names of the parts.
pub(super) const DATABASE: &str = "parchment.db";
pub(super) const KEY: &str = "server-identity.key";

/// The longest key part: base64 of 32 bytes and a line end.
const MAX_KEY_BYTES: u64 = 64;

/// Whose backup it is, and what must be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// `parchment-backup`.
    pub format: String,
    /// 1: what this program writes and reads.
    pub format_version: u32,
    /// The version of the program that wrote it.
    pub program_version: String,
    /// When, RFC 3339.
    pub created_at: String,
    /// The name of the server.
    pub server_id: String,
    /// Base64 of its Ed25519 public key.
    pub public_key: String,
    /// The steps of the schema's history that the database has taken.
    pub migrations: Vec<String>,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// The other entries, in their order; `SHA256SUMS` is not among them.
    pub parts: Vec<Part>,
}

/// A file in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
}

impl Manifest {
    /// Reads a manifest and checks what can be checked without the rest.
    pub(super) fn read(text: &[u8]) -> Result<Self, BackupError> {
        /// What every version has.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Any {
            format: String,
            format_version: u32,
        }
        let foreign = || BackupError::bad("its manifest is damaged, or not one of a parchment-server backup");
        let any: Any = serde_json::from_slice(text).map_err(|_| foreign())?;
        if any.format != FORMAT {
            return Err(foreign());
        }
        if any.format_version != FORMAT_VERSION {
            return Err(BackupError::bad(format!(
                "its format has version {}, and this program reads version {FORMAT_VERSION}: use the version of \
                 parchment-server that wrote it, or a later one",
                any.format_version
            )));
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|_| foreign())?;
        let names: Vec<&str> = manifest.parts.iter().map(|part| part.name.as_str()).collect();
        if !matches!(names[..], [DATABASE] | [DATABASE, KEY]) {
            return Err(BackupError::bad(
                "its manifest does not name the parts that a backup has",
            ));
        }
        if manifest.key().is_some_and(|key| key.bytes > MAX_KEY_BYTES) {
            return Err(BackupError::bad("what it calls the server's key is too long for one"));
        }
        manifest.server()?;
        manifest.verifying_key()?;
        Ok(manifest)
    }

    /// The name of the server.
    pub(super) fn server(&self) -> Result<ServerId, BackupError> {
        ServerId::parse(&self.server_id).map_err(|_| BackupError::bad("its manifest does not name a server"))
    }

    /// The public key of the server.
    pub(super) fn verifying_key(&self) -> Result<VerifyingKey, BackupError> {
        VerifyingKey::from_base64(&self.public_key).map_err(|_| BackupError::bad("its manifest does not hold a key"))
    }

    /// The part that is the server's key, if it is in the backup.
    #[must_use]
    pub fn key(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == KEY)
    }
}
