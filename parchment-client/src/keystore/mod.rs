//! Where a device keeps what nobody else may have: the seed, and what it remembers of the account.
//!
//! A [`KeyStore`] holds one value for one account on one server. All of it is written at once or not at all, so that a
//! device that dies between two lines has either what it had or what it was about to have. What is in the value is
//! [`Account`](crate::account::Account)'s matter; the store sees bytes.
//!
//! | Store | Keeps it | Where |
//! |---|---|---|
//! | [`MemoryStore`] | until it is dropped | in memory, for tests and programs that ask for the recovery key each time |
//! | [`SealedFile`] | in a file, sealed under a passphrase or a key | everywhere but in a browser |
//! | `Keychain` | in a file whose key the keychain of the operating system holds | with the feature `keychain` |
//!
//! Whoever has another place implements the trait, and runs [`check_contract`] against it.
//!
//! ```
//! use parchment_client::keystore::{KeyStore, MemoryStore, SecretBytes};
//!
//! # async fn keep() -> Result<(), parchment_client::keystore::KeyStoreError> {
//! let store = MemoryStore::new();
//! assert!(store.load().await?.is_none());
//! store.save(&SecretBytes::new(b"of one account".to_vec())).await?;
//! assert_eq!(store.load().await?.unwrap().expose(), b"of one account");
//! # Ok(())
//! # }
//! # futures_util::future::FutureExt::now_or_never(keep()).unwrap().unwrap();
//! ```

#[cfg(not(target_arch = "wasm32"))]
mod file;
#[cfg(all(feature = "keychain", not(target_arch = "wasm32")))]
mod keychain;
mod memory;

use std::fmt;

use async_trait::async_trait;
use zeroize::Zeroizing;

#[cfg(not(target_arch = "wasm32"))]
pub use file::{FileKey, SealedFile};
#[cfg(all(feature = "keychain", not(target_arch = "wasm32")))]
pub use keychain::Keychain;
pub use memory::MemoryStore;

/// What is shared between tasks: `Send + Sync`, except in a browser, which has one thread and values that stay on it.
#[cfg(not(target_arch = "wasm32"))]
pub trait Shared: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> Shared for T {}

/// What is shared between tasks: `Send + Sync`, except in a browser, which has one thread and values that stay on it.
#[cfg(target_arch = "wasm32")]
pub trait Shared {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> Shared for T {}

/// Bytes that are wiped when dropped and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for a store that must write them. Never log or send them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(secret)")
    }
}

impl zeroize::ZeroizeOnDrop for SecretBytes {}

/// Why a store did not do what it was asked. Absence is no error: see [`KeyStore::load`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The passphrase or key is not the one that the file was sealed with, or the file was changed. Nothing is lost.
    #[error("The file does not open: the passphrase is wrong, or the file was changed. It was left as it is.")]
    WrongKey,
    /// What is there was not written by this store.
    #[error("What is kept at {place} cannot be read: {reason}. It was left as it is.")]
    Damaged {
        /// The file or entry.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another program has the store open.
    #[error("Another program uses {place}. Close it and try again.")]
    InUse {
        /// The file or entry.
        place: String,
    },
    /// The operating system did not do it.
    #[error("{place} could not be used: {reason}")]
    Unavailable {
        /// The file, or what else failed.
        place: String,
        /// What the operating system said.
        reason: String,
    },
}

/// A place for the secrets of one account on one device.
///
/// # Contract
///
/// * [`save`](KeyStore::save) replaces everything or nothing, and what it answered yes to is there after a crash, as far
///   as the store outlives the process at all.
/// * [`load`](KeyStore::load) gives what was saved last. Nothing saved yet is `None`; whatever cannot be read is an error
///   and never `None`, since the caller would start over.
/// * A call that is dropped half-way has saved everything or nothing.
///
/// [`check_contract`] tries what can be tried of it.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait KeyStore: fmt::Debug + Shared {
    /// What was saved last; none when nothing was, or it was cleared.
    async fn load(&self) -> Result<Option<SecretBytes>, KeyStoreError>;

    /// Puts this in the place of what was saved before.
    async fn save(&self, secrets: &SecretBytes) -> Result<(), KeyStoreError>;

    /// Forgets what was saved; nothing saved counts as forgotten.
    async fn clear(&self) -> Result<(), KeyStoreError>;
}

/// Tries the contract on a store that holds nothing yet; for those who write one. Leaves it empty.
///
/// # Errors
///
/// What the store does wrong, as a sentence.
pub async fn check_contract(store: &dyn KeyStore) -> Result<(), String> {
    let said = |what: &'static str| move |error: KeyStoreError| format!("{what}: {error}");
    let held = |secrets: Option<SecretBytes>, expected: Option<&[u8]>, when: &str| {
        let same = secrets.as_ref().map(SecretBytes::expose) == expected;
        same.then_some(())
            .ok_or_else(|| format!("{when}, something else is loaded"))
    };
    held(
        store.load().await.map_err(said("load"))?,
        None,
        "before anything is saved",
    )?;
    store.clear().await.map_err(said("clear when there is nothing"))?;
    let long = vec![0xa5; 2000];
    for bytes in [&b"first"[..], b"", &long, b"second"] {
        store
            .save(&SecretBytes::new(bytes.to_vec()))
            .await
            .map_err(said("save"))?;
        held(
            store.load().await.map_err(said("load"))?,
            Some(bytes),
            "after it was saved",
        )?;
    }
    drop(store.save(&SecretBytes::new(b"never asked for".to_vec())));
    held(
        store.load().await.map_err(said("load"))?,
        Some(b"second"),
        "after a call that was never polled",
    )?;
    store.clear().await.map_err(said("clear"))?;
    held(store.load().await.map_err(said("load"))?, None, "after it was cleared")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_keeps_the_contract() {
        check_contract(&MemoryStore::new()).await.unwrap();
    }

    #[test]
    fn secret_bytes_print_nothing() {
        assert_eq!(
            format!("{:?}", SecretBytes::new(b"seed".to_vec())),
            "SecretBytes(secret)"
        );
    }
}
