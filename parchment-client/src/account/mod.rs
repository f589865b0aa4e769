//! A person's side: her keys, what she keeps sealed, and a server that she need not trust.
//!
//! An [`Account`] does what a person does: it sets up an identity, unlocks it on another device, seals and opens what the
//! server keeps, changes the master key, resets, and looks after friends. The server carries sealed records and public
//! keys, and could give other ones. Whatever can be checked is checked; each way of lying has a variant of [`Lie`], and
//! [`crate::attacks`] lists them with their tests.
//!
//! | Part | Methods | What is checked |
//! |---|---|---|
//! | [`create`](Account::create), [`open`](Account::open), `unlock_…` | becoming known to a device | keys are those that the seed derives; versions never go back; slots are signed |
//! | `…_blob`, `…_collection`, `…_point` | what she keeps | records open at their place alone; nothing is missing or older, by the [`inventory`] |
//! | [`rotate`](Account::rotate) | a new master key | everything is taken along; the commit took effect; a crash loses nothing |
//! | [`reset`](Account::reset), [`flush_revocations`](Account::flush_revocations) | starting over | nobody is told who was no peer |
//! | [`answer_transfer`](Account::answer_transfer), [`NewDevice`] | from device to device | the person carries a code |
//! | `…_friend…`, [`safety_number`](Account::safety_number) | whose keys friends have | a changed key blocks |
//!
//! Secrets are in a [`KeyStore`]. An account is cheap to clone; its clones do one thing after the other.
//!
//! A future that is dropped half-way leaves device and server in a state that the next call understands: what was begun
//! is done or not done.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use parchment_client::{Client, account::Account, keystore::{FileKey, SealedFile}};
//!
//! # async fn run(token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("https://home.example")?.with_token(token);
//! let store = Arc::new(SealedFile::open("alice", &FileKey::passphrase("correct horse battery staple"))?);
//! let created = Account::create(&client, store, Some("alice")).await?;
//! println!("Write this down: {}", *created.recovery_key);
//!
//! let account = created.account;
//! account.put_blob("settings", br#"{"theme":"dark"}"#).await?;
//! let settings = account.blob("settings").await?;
//! assert_eq!(settings.unwrap().as_bytes(), br#"{"theme":"dark"}"#);
//! # Ok(())
//! # }
//! ```

mod blobs;
mod clock;
mod collections;
mod device;
mod error;
mod friends;
mod identity;
pub mod inventory;
mod lie;
mod points;
mod random;
mod reset;
mod rotation;
mod slots;
mod sync;
mod transfer;

use std::{fmt, sync::Arc};

use futures_util::lock::{Mutex, MutexGuard};
use parchment_core::keys::VerifyingKey;
use zeroize::Zeroizing;

use self::device::Device;
pub use self::{
    collections::Collection,
    error::{AccountError, Result},
    friends::{Friend, Trust},
    identity::Created,
    lie::Lie,
    points::Point,
    reset::{Flushed, Left},
    rotation::{Rotated, Rotation, RotationEvent},
    transfer::{NewDevice, Polled, Tried, TypeCode},
};
use crate::{
    Client,
    keystore::{KeyStore, SecretBytes},
};

/// A person's account on one server, unlocked on this device.
#[derive(Clone)]
pub struct Account {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    store: Arc<dyn KeyStore>,
    device: Mutex<Device>,
}

impl Account {
    #[cfg_attr(
        target_arch = "wasm32",
        allow(
            clippy::arc_with_non_send_sync,
            reason = "a browser has one thread, and stores that stay on it"
        )
    )]
    fn new(client: &Client, store: Arc<dyn KeyStore>, device: Device) -> Self {
        Self {
            shared: Arc::new(Shared {
                client: client.clone(),
                store,
                device: Mutex::new(device),
            }),
        }
    }

    /// The session that the account speaks in; for what needs no keys, such as sessions and passkeys.
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// The public key that others know her by.
    pub async fn signing_key(&self) -> VerifyingKey {
        self.device().await.signing_key()
    }

    /// The version of the master key that this device has.
    pub async fn km_version(&self) -> i64 {
        self.device().await.km_version
    }

    /// Her handle, once she has an alias.
    pub async fn handle(&self) -> Option<String> {
        self.device().await.handle.clone()
    }

    /// The recovery key: 44 characters that open the account on any device. Show it and let it go.
    pub async fn recovery_key(&self) -> Zeroizing<String> {
        self.device().await.seed.to_recovery_key()
    }

    async fn device(&self) -> MutexGuard<'_, Device> {
        self.shared.device.lock().await
    }

    async fn save(&self, device: &Device) -> Result<()> {
        let bytes: SecretBytes = device.to_bytes()?;
        Ok(self.shared.store.save(&bytes).await?)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("client", &self.shared.client)
            .finish_non_exhaustive()
    }
}
