//! A sealed file whose key is in the keychain of the operating system.

use std::path::PathBuf;

use keyring::v1::{Entry, Error};
use zeroize::Zeroizing;

use super::{KeyStore, KeyStoreError, SealedFile, SecretBytes, file::random};
use crate::keystore::FileKey;

/// Opens a [`SealedFile`] with the key that the keychain has for it: Keychain on macOS, Credential Manager on Windows, the
/// Secret Service elsewhere.
///
/// Keychains hold little (2,560 bytes on Windows) and promise nothing about crashes, so they hold the key alone.
#[derive(Debug)]
pub struct Keychain(SealedFile);

impl Keychain {
    /// The file at this path, with the key under the name of an account, such as `alice@home.example`, of a program, such
    /// as `parchment`. The first time, the key is drawn.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`] when there is no keychain; otherwise as [`SealedFile::open`].
    pub fn open(program: &str, account: &str, path: impl Into<PathBuf>) -> Result<Self, KeyStoreError> {
        let unavailable = |error: &Error| KeyStoreError::Unavailable {
            place: format!("The keychain's entry {account} of {program}"),
            // One of the errors brings along what the entry holds.
            reason: match error {
                Error::BadEncoding(_) => "it holds something else".to_owned(),
                error => error.to_string(),
            },
        };
        let entry = Entry::new(program, account).map_err(|error| unavailable(&error))?;
        let key = match entry.get_secret() {
            Ok(held) => {
                let held = Zeroizing::new(held);
                let key: Option<&[u8; 32]> = held.as_slice().try_into().ok();
                FileKey::raw(key.ok_or_else(|| unavailable(&Error::BadEncoding(Vec::new())))?)
            }
            Err(Error::NoEntry) => {
                let drawn = Zeroizing::new(random::<32>()?);
                entry.set_secret(&*drawn).map_err(|error| unavailable(&error))?;
                FileKey::raw(&drawn)
            }
            Err(error) => return Err(unavailable(&error)),
        };
        SealedFile::open(path, &key).map(Self)
    }
}

#[async_trait::async_trait]
impl KeyStore for Keychain {
    async fn load(&self) -> Result<Option<SecretBytes>, KeyStoreError> {
        self.0.load().await
    }

    async fn save(&self, secrets: &SecretBytes) -> Result<(), KeyStoreError> {
        self.0.save(secrets).await
    }

    async fn clear(&self) -> Result<(), KeyStoreError> {
        self.0.clear().await
    }
}
