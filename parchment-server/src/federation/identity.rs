//! The server's own key: from a setting, or from a file made on first start.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use parchment_core::{encoding, request::ServerIdentity, time::UnixMillis};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _};
use zeroize::Zeroizing;

use crate::{
    config::Settings,
    random,
    store::{Store, StoreError, entities::server_identity},
};

/// The name of the key's file in the data folder.
const FILE: &str = "server-identity.key";

/// The only row of its table.
const ROW: i32 = 1;

/// Why the server's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The setting or file does not hold the base64 of 32 bytes.
    #[error("{0} does not hold a key: the base64 of 32 bytes is expected")]
    Malformed(String),
    /// The file cannot be read or made.
    #[error("the key file {path} cannot be used: {error}")]
    File {
        /// Which file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The database belongs to a server with another key.
    #[error(
        "this database belongs to a server with another key; other servers have pinned that one and would refuse this. \
         Put back the key that was used before (SERVER_IDENTITY_PRIVATE_KEY, or the key file in the data folder)"
    )]
    OtherKey,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The seed of the server's key.
///
/// # Errors
///
/// [`IdentityError`], never repeating what the setting or file holds.
pub fn seed(settings: &Settings) -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    if let Some(text) = &settings.server_identity_private_key {
        return parse(text).ok_or_else(|| IdentityError::Malformed("SERVER_IDENTITY_PRIVATE_KEY".to_owned()));
    }
    let path = settings.data_dir.join(FILE);
    let failed = |error| IdentityError::File {
        path: path.display().to_string(),
        error,
    };
    match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => parse(&text).ok_or_else(|| IdentityError::Malformed(path.display().to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    encoding::decode_array(text.trim()).ok().map(Zeroizing::new)
}

/// Makes a key and its file, readable by its owner only.
///
/// The file appears whole or not at all, and of two processes that make it at once both use the one that stays.
fn make(path: &Path) -> io::Result<Zeroizing<[u8; 32]>> {
    let seed = Zeroizing::new(random::bytes::<32>());
    let half = path.with_extension(format!("{}.tmp", random::id()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&half)?;
    let text = Zeroizing::new(encoding::encode(&*seed));
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&half, path);
    fs::remove_file(&half)?;
    match linked {
        Ok(()) => Ok(seed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            parse(&Zeroizing::new(fs::read_to_string(path)?)).ok_or_else(|| io::ErrorKind::InvalidData.into())
        }
        Err(error) => Err(error),
    }
}

/// Binds the database to the server's key on first start, and refuses another key ever after.
///
/// # Errors
///
/// [`IdentityError::OtherKey`] when the database knows another one.
pub async fn record(store: &Store, server: &ServerIdentity, now: UnixMillis) -> Result<(), IdentityError> {
    let own = server.public_key();
    store
        .write(async |tx| {
            let known = server_identity::Entity::find_by_id(ROW)
                .one(tx)
                .await
                .map_err(StoreError::from)?;
            match known {
                Some(row) if row.public_key == own.as_bytes() => Ok(()),
                Some(_) => Err(IdentityError::OtherKey),
                None => {
                    let row = server_identity::ActiveModel {
                        id: Set(ROW),
                        public_key: Set(own.as_bytes().to_vec()),
                        created_at: Set(now.0),
                    };
                    row.insert(tx).await.map_err(StoreError::from)?;
                    Ok(())
                }
            }
        })
        .await
}
