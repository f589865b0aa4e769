//! The server's own key: from a setting, or from a file made on first start.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use parchment_core::{encoding, request::ServerIdentity, time::UnixMillis};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait, EntityTrait as _};
use zeroize::Zeroizing;

use crate::{
    config::Settings,
    random,
    store::{
        Store, StoreError,
        entities::{alias_reservations, server_identity},
    },
};

/// The name of the key's file in the data folder.
const FILE: &str = "server-identity.key";

/// The only row of its table.
const ROW: i32 = 1;

/// Why the server's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file does not hold the base64 of 32 bytes.
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
    /// The key file is gone.
    #[error(
        "the key file {0} is missing, and this database belongs to a server with a key: put the file back, from the same \
         backup as the database, or set SERVER_IDENTITY_PRIVATE_KEY"
    )]
    Lost(String),
    /// The server had another name when people took their aliases.
    #[error(
        "this database belongs to {recorded}: people here are known by handles at that name, so PARCHMENT_PUBLIC_ORIGIN \
         must lead to it"
    )]
    OtherName {
        /// The name that the database knows.
        recorded: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The seed of the server's key: from the setting, from the file, or made now for a new database.
///
/// # Errors
///
/// [`IdentityError`], never repeating what the setting or file holds.
pub async fn seed(settings: &Settings, store: &Store) -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    if let Some(seed) = existing(settings)? {
        return Ok(seed);
    }
    let path = file(settings);
    let name = path.display().to_string();
    // A new key for a database that knows another would only sit where the right one belongs.
    if recorded(store.reader()).await?.is_some() {
        return Err(IdentityError::Lost(name));
    }
    make(&path).map_err(|error| IdentityError::File { path: name, error })
}

/// The seed of the server's key, from the setting or from the file; none when it is in neither.
///
/// # Errors
///
/// As [`seed`].
pub fn existing(settings: &Settings) -> Result<Option<Zeroizing<[u8; 32]>>, IdentityError> {
    if let Some(seed) = &settings.server_identity_private_key {
        return Ok(Some(seed.bytes().clone()));
    }
    let path = file(settings);
    let name = path.display().to_string();
    match fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => {
            warn_if_shared(&path);
            parse(&text).map(Some).ok_or(IdentityError::Malformed(name))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(IdentityError::File { path: name, error }),
    }
}

/// Whether the key comes from the setting, so that its file is not looked at.
pub fn is_set(settings: &Settings) -> bool {
    settings.server_identity_private_key.is_some()
}

/// The file that the key is in, unless it comes from the setting.
pub fn file(settings: &Settings) -> PathBuf {
    settings.data_dir.join(FILE)
}

/// The key and name that a database belongs to; none before a server was first started on it.
///
/// # Errors
///
/// [`StoreError`] when it cannot be asked.
pub async fn recorded(db: &impl ConnectionTrait) -> Result<Option<server_identity::Model>, StoreError> {
    Ok(server_identity::Entity::find_by_id(ROW).one(db).await?)
}

fn warn_if_shared(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path)
        && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
    {
        tracing::warn!(path = %path.display(), "others on this machine may read the server's key; chmod 600");
    }
}

/// Reads a seed: base64 of 32 bytes, white space around it aside.
pub(crate) fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
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
    if let Some(folder) = path.parent() {
        // The name of the file must survive a power failure as its content does.
        fs::File::open(folder)?.sync_all()?;
    }
    match linked {
        Ok(()) => Ok(seed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            parse(&Zeroizing::new(fs::read_to_string(path)?)).ok_or_else(|| io::ErrorKind::InvalidData.into())
        }
        Err(error) => Err(error),
    }
}

/// Makes sure that a key is the one that the database knows, for those who use it beside the server and change nothing.
///
/// # Errors
///
/// [`IdentityError::OtherKey`].
pub async fn check(store: &Store, server: &ServerIdentity) -> Result<(), IdentityError> {
    let row = recorded(store.reader()).await?;
    if row.is_some_and(|row| row.public_key != server.public_key().as_bytes()) {
        return Err(IdentityError::OtherKey);
    }
    Ok(())
}

/// Binds the database to the server's key and name on first start, and refuses others ever after.
///
/// # Errors
///
/// [`IdentityError::OtherKey`] when the database knows another key; [`IdentityError::OtherName`] when it knows another
/// name and somebody has a handle at it.
pub async fn record(store: &Store, server: &ServerIdentity, now: UnixMillis) -> Result<(), IdentityError> {
    let (key, name) = (server.public_key().as_bytes().to_vec(), server.id().to_string());
    store
        .write(async |tx| {
            let Some(row) = recorded(tx).await? else {
                let row = server_identity::ActiveModel {
                    id: Set(ROW),
                    public_key: Set(key),
                    server_id: Set(name),
                    created_at: Set(now.0),
                };
                row.insert(tx).await.map_err(StoreError::from)?;
                return Ok(());
            };
            if row.public_key != key {
                return Err(IdentityError::OtherKey);
            }
            if row.server_id != name {
                if alias_reservations::Entity::find()
                    .one(tx)
                    .await
                    .map_err(StoreError::from)?
                    .is_some()
                {
                    return Err(IdentityError::OtherName {
                        recorded: row.server_id,
                    });
                }
                let mut row = server_identity::ActiveModel::from(row);
                row.server_id = Set(name);
                row.update(tx).await.map_err(StoreError::from)?;
            }
            Ok(())
        })
        .await
}
