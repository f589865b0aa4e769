//! Becoming known to a device: making an identity, opening what the device keeps, and unlocking it anew.

use std::sync::Arc;

use parchment_core::{
    api::identity::{Identity, KeysRequest},
    derive::{DeriveError, MasterSeed},
    keys::{AgreementKey, VerifyingKey},
    prf::PrfOutput,
    seed_wrap::{self, DeviceSecret, StoredSeedError},
};
use zeroize::Zeroizing;

use super::{
    Account,
    device::Device,
    error::{AccountError, Result},
    inventory::Inventory,
    lie::Lie,
    random, slots,
};
use crate::{Client, keystore::KeyStore};

/// A new identity.
#[derive(Debug)]
#[non_exhaustive]
pub struct Created {
    /// The account, unlocked.
    pub account: Account,
    /// What the person writes down: it opens the account on any device.
    pub recovery_key: Zeroizing<String>,
}

impl Account {
    /// Makes an identity: draws a seed, keeps it on this device, registers the keys that it derives, takes the alias if
    /// one is given, and begins the inventory.
    ///
    /// The seed is in the store before its keys are registered: a device that is cut off goes on with
    /// [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// [`AccountError::IdentityExists`] when there is one already, on this device or on the server.
    pub async fn create(client: &Client, store: Arc<dyn KeyStore>, alias: Option<&str>) -> Result<Created> {
        if store.load().await?.is_some() {
            return Err(AccountError::IdentityExists);
        }
        let user_id = user_id(client).await?;
        if client.identity().get().await?.signing_key.is_some() {
            return Err(AccountError::IdentityExists);
        }
        let account = Self::begin(client, store, user_id, random::seed()?).await?;
        if let Some(alias) = alias {
            account.set_alias(alias).await?;
        }
        Ok(Created {
            recovery_key: account.recovery_key().await,
            account,
        })
    }

    /// Keeps a new seed on this device and registers its keys.
    pub(super) async fn begin(
        client: &Client,
        store: Arc<dyn KeyStore>,
        user_id: String,
        seed: MasterSeed,
    ) -> Result<Self> {
        let device = Device::new(user_id, seed, 1);
        let account = Self::new(client, store, device);
        let mut device = account.device().await;
        account.save(&device).await?;
        account.register(&mut device).await?;
        drop(device);
        Ok(account)
    }

    /// Registers the keys of this device's seed, and begins the inventory.
    pub(super) async fn register(&self, device: &mut Device) -> Result<()> {
        let keys = KeysRequest {
            signing_key: device.signing_key().to_base64(),
            encryption_key: device.encryption_key().to_base64(),
        };
        self.client().identity().set_keys(&keys).await?;
        device.is_registered = true;
        self.check_identity(device).await?;
        self.begin_inventory(device).await
    }

    /// Takes an alias, which with the server's name makes her handle.
    pub async fn set_alias(&self, alias: &str) -> Result<String> {
        let named = self.client().identity().set_alias(alias).await?;
        let mut device = self.device().await;
        device.handle = Some(named.handle.clone());
        self.save(&device).await?;
        Ok(named.handle)
    }

    /// Opens the account that this device keeps, goes on with what was cut off, and checks what the server says of it.
    ///
    /// # Errors
    ///
    /// [`AccountError::NotUnlocked`] when the store is empty; [`AccountError::RotatedElsewhere`] after a rotation on
    /// another device; the [`Lie`] when there is one.
    pub async fn open(client: &Client, store: Arc<dyn KeyStore>) -> Result<Self> {
        let bytes = store.load().await?.ok_or(AccountError::NotUnlocked)?;
        let device = Device::read(&bytes)?;
        let account = Self::new(client, store, device);
        let mut device = account.device().await;
        if device.user_id != user_id(client).await? {
            return Err(Lie::OtherUser.into());
        }
        if !device.is_registered && client.identity().get().await?.signing_key.is_none() {
            account.register(&mut device).await?;
        }
        account.check_identity(&mut device).await?;
        account.begin_inventory(&mut device).await?;
        drop(device);
        Ok(account)
    }

    /// Unlocks the account with the recovery key, as a person types or pastes it.
    ///
    /// # Errors
    ///
    /// [`AccountError::OtherIdentity`] when it is not the key of the identity that the server shows.
    pub async fn unlock_with_recovery_key(client: &Client, store: Arc<dyn KeyStore>, typed: &str) -> Result<Self> {
        let seed = MasterSeed::from_recovery_key(typed);
        let seed = seed.map_err(|error: DeriveError| AccountError::RecoveryKey(error))?;
        Self::unlock(client, store, seed).await
    }

    /// Unlocks the account with what a passkey's PRF gave, by the recovery slot for this passkey.
    ///
    /// # Errors
    ///
    /// [`AccountError::NoSlot`] when there is none, and the [`Lie`] when it is not the one that was made for it.
    pub async fn unlock_with_passkey(
        client: &Client,
        store: Arc<dyn KeyStore>,
        credential_id: &str,
        output: &PrfOutput,
    ) -> Result<Self> {
        let key = output.wrap_key()?;
        let user_id = user_id(client).await?;
        let identity = published_identity(client).await?;
        let stored = client.slots().list().await?;
        let slot = slots::only(&stored, credential_id)?;
        let seed = slots::unwrap(slot, &user_id, credential_id, &identity, &key)?;
        let account = Self::unlock(client, store, seed).await?;
        // For the person's list; nothing depends on it.
        let _ = client.slots().note_use(credential_id).await;
        Ok(account)
    }

    /// Unlocks the account with what is stored on this device, sealed under the secret that the server keeps for it.
    ///
    /// # Errors
    ///
    /// [`Lie::DeviceSecret`] when the secret is not the one; keep what is stored until the person says otherwise.
    pub async fn unlock_with_device_secret(
        client: &Client,
        store: Arc<dyn KeyStore>,
        device_id: &str,
        stored: &str,
    ) -> Result<Self> {
        let key = device_secret(client, device_id).await?.wrap_key();
        let seed = seed_wrap::open(stored, device_id, &key).map_err(|error| match error {
            StoredSeedError::Unusable(_) => AccountError::Lie(Lie::DeviceSecret),
            error => AccountError::StoredSeed(error),
        })?;
        Self::unlock(client, store, seed).await
    }

    /// The seed, sealed under the secret that the server keeps for this device: for a browser, which has no better place.
    ///
    /// A rotation, a reset and signing out everywhere make it useless; then seal it anew.
    pub async fn seal_for_device(&self, device_id: &str) -> Result<String> {
        let key = device_secret(self.client(), device_id).await?.wrap_key();
        let device = self.device().await;
        Ok(seed_wrap::seal(&device.seed, device_id, &key, random::seal_nonce()?)?.to_base64())
    }

    /// Unlocks the account with a seed, once it is known to be that of the identity that the server shows.
    pub(super) async fn unlock(client: &Client, store: Arc<dyn KeyStore>, seed: MasterSeed) -> Result<Self> {
        let user_id = user_id(client).await?;
        let identity = published_identity(client).await?;
        if !seed.is_of(&identity) {
            return Err(AccountError::OtherIdentity);
        }
        let km_version = client.rotation().version().await?;
        let mut device = Device::new(user_id, seed, km_version);
        device.is_registered = true;
        if let Some(bytes) = store.load().await? {
            device.follow(Device::read(&bytes)?)?;
        }
        let account = Self::new(client, store, device);
        let mut device = account.device().await;
        account.check_identity(&mut device).await?;
        account.inventory(&mut device).await?;
        account.save(&device).await?;
        account.begin_inventory(&mut device).await?;
        drop(device);
        Ok(account)
    }

    /// Writes an inventory where there is none: of everything that opens.
    async fn begin_inventory(&self, device: &mut Device) -> Result<()> {
        if self.inventory(device).await?.counter() > 0 {
            return Ok(());
        }
        let mut there = Inventory::new(device.km_version);
        self.list_what_is_there(device, &mut there).await?;
        self.write_inventory(device, |inventory| *inventory = there.merge(inventory))
            .await
    }

    /// Whether the server shows the keys and the version that this device has; goes on with a rotation that was cut off.
    pub(super) async fn check_identity(&self, device: &mut Device) -> Result<()> {
        let shown = self.client().identity().get().await?;
        let version = self.client().rotation().version().await?;
        let seen = device.km_version;
        let signing = read_key(shown.signing_key.as_deref(), VerifyingKey::from_base64);
        if let Some(next) = &device.next
            && signing == Some(Some(next.seed.signing_key().verifying_key()))
        {
            return self.land(device, &shown, version).await;
        }
        match signing {
            Some(Some(key)) if key == device.signing_key() => {}
            _ if version < seen => return Err(Lie::KmVersionBack { shown: version, seen }.into()),
            Some(_) if version > seen => {
                return Err(AccountError::RotatedElsewhere {
                    shown: version,
                    known: seen,
                });
            }
            Some(_) => return Err(Lie::SigningKey.into()),
            None => return Err(Lie::KeysWithheld.into()),
        }
        if read_key(shown.encryption_key.as_deref(), AgreementKey::from_base64) != Some(Some(device.encryption_key())) {
            return Err(Lie::EncryptionKey.into());
        }
        if version < seen {
            return Err(Lie::KmVersionBack { shown: version, seen }.into());
        }
        if version > seen {
            return Err(Lie::KmVersionAhead { shown: version, seen }.into());
        }
        if shown.handle != device.handle {
            if let (Some(shown), Some(known)) = (&shown.handle, &device.handle) {
                return Err(Lie::OtherHandle {
                    shown: shown.clone(),
                    known: known.clone(),
                }
                .into());
            }
            device.handle = shown.handle.or(device.handle.take());
        }
        self.save(device).await
    }
}

/// A key that is shown: none, one that is none, or one.
#[allow(clippy::option_option, reason = "not shown and unreadable are two things")]
pub fn read_key<K, E>(shown: Option<&str>, read: impl Fn(&str) -> Result<K, E>) -> Option<Option<K>> {
    shown.map(|text| read(text).ok())
}

/// Whether the server shows the keys of a seed.
pub fn shows_keys_of(shown: &Identity, seed: &MasterSeed) -> bool {
    let signing = read_key(shown.signing_key.as_deref(), VerifyingKey::from_base64);
    let encryption = read_key(shown.encryption_key.as_deref(), AgreementKey::from_base64);
    signing == Some(Some(seed.signing_key().verifying_key()))
        && encryption == Some(Some(seed.encryption_secret().agreement_key()))
}

/// Whose session it is.
pub async fn user_id(client: &Client) -> Result<String> {
    match client.sessions().current().await {
        Ok(Some(session)) => Ok(session.user.id),
        Ok(None) => Err(AccountError::SignedOut),
        Err(error) if error.status() == Some(401) => Err(AccountError::SignedOut),
        Err(error) => Err(error.into()),
    }
}

/// The identity that the server shows: to be believed only together with something that it cannot make.
pub async fn published_identity(client: &Client) -> Result<VerifyingKey> {
    let shown = client.identity().get().await?;
    match read_key(shown.signing_key.as_deref(), VerifyingKey::from_base64) {
        Some(Some(identity)) => Ok(identity),
        Some(None) => Err(Lie::SigningKey.into()),
        None => Err(AccountError::NoIdentity),
    }
}

async fn device_secret(client: &Client, device_id: &str) -> Result<DeviceSecret> {
    let secret = Zeroizing::new(client.device_secrets().get(device_id).await?.secret);
    DeviceSecret::from_base64(&secret).map_err(|error| AccountError::Unexpected(error.to_string()))
}
