//! A store in the keychain of the operating system.

use std::fmt;

use async_trait::async_trait;

use super::{KeyStore, KeyStoreError, SecretBytes};

/// An entry in the keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service elsewhere.
///
/// Windows takes 2,560 bytes an entry, which suffices for an account that has few peers left to tell after a reset.
pub struct Keychain {
    entry: keyring::v1::Entry,
    place: String,
}

impl Keychain {
    /// The entry of an account, such as `alice@home.example`, for a program, such as `parchment`.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`] when there is no keychain, or it takes no such names.
    pub fn open(program: &str, account: &str) -> Result<Self, KeyStoreError> {
        let place = format!("the keychain's entry {account} of {program}");
        let entry = keyring::v1::Entry::new(program, account);
        let entry = entry.map_err(|error| unavailable(&place, &error))?;
        Ok(Self { entry, place })
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keychain")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyStore for Keychain {
    async fn load(&self) -> Result<Option<SecretBytes>, KeyStoreError> {
        match self.entry.get_secret() {
            Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
            Err(keyring::v1::Error::NoEntry) => Ok(None),
            Err(error) => Err(unavailable(&self.place, &error)),
        }
    }

    async fn save(&self, secrets: &SecretBytes) -> Result<(), KeyStoreError> {
        let saved = self.entry.set_secret(secrets.expose());
        saved.map_err(|error| unavailable(&self.place, &error))
    }

    async fn clear(&self) -> Result<(), KeyStoreError> {
        match self.entry.delete_credential() {
            Ok(()) | Err(keyring::v1::Error::NoEntry) => Ok(()),
            Err(error) => Err(unavailable(&self.place, &error)),
        }
    }
}

fn unavailable(place: &str, error: &keyring::v1::Error) -> KeyStoreError {
    KeyStoreError::Unavailable {
        place: place.to_owned(),
        // Without what an entry holds: one of its errors brings the bytes along.
        reason: match error {
            keyring::v1::Error::BadEncoding(_) => "the entry is no text".to_owned(),
            error => error.to_string(),
        },
    }
}
