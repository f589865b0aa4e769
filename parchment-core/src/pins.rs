//! Pinned server keys: trust on first use (rules 17.3 and 17.10).
//!
//! A server's key is pinned when the first request that it signed has verified, or when the first
//! message is about to be sent to it, and from then on
//! that key alone authenticates the server. Whoever answers for its name later with another key
//! is refused and recorded until an operator decides.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::{
    directory::{Age, Directory},
    handle::ServerId,
    keys::VerifyingKey,
    refusal::{Code, Refusal},
    request::{RequestHead, Wrapper},
    storage::StorageError,
    time::UnixMillis,
};

/// Where pins are kept.
#[async_trait]
pub trait PinStore: Send + Sync {
    /// The key pinned for a server; none when it was never seen.
    async fn pin(&self, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError>;

    /// Pins a key unless the server has a pin already, and gives back the pin that stands.
    ///
    /// One atomic step: of two first contacts that race, both get the key that was pinned first.
    async fn pin_first(
        &self,
        server: &ServerId,
        key: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<VerifyingKey, StorageError>;

    /// Records for the operator that a pinned server now publishes another key. The pin stays.
    async fn record_mismatch(
        &self,
        server: &ServerId,
        offered: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<(), StorageError>;
}

#[async_trait]
impl<P: PinStore + ?Sized> PinStore for Arc<P> {
    async fn pin(&self, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError> {
        (**self).pin(server).await
    }

    async fn pin_first(
        &self,
        server: &ServerId,
        key: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<VerifyingKey, StorageError> {
        (**self).pin_first(server, key, now).await
    }

    async fn record_mismatch(
        &self,
        server: &ServerId,
        offered: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        (**self).record_mismatch(server, offered, now).await
    }
}

/// Authenticates the server that signed a request.
///
/// A pinned server costs no fetch, unless its signature fails: then its manifest is asked (the
/// directory bounds how often), so that a changed key can be told from a forged signature.
/// Nothing is pinned for a server whose signature does not verify.
///
/// # Errors
///
/// [`Code::InvalidServerSignature`], [`Code::PinMismatch`], and what the directory refuses with.
pub async fn authenticate(
    head: &RequestHead,
    wrapper: &Wrapper<'_>,
    pins: &dyn PinStore,
    directory: &dyn Directory,
    now: UnixMillis,
) -> Result<(), Refusal> {
    let server = head.sender();
    let forged = || Refusal::new(Code::InvalidServerSignature, "The server's signature does not verify.").by_rule(3);
    if let Some(pinned) = pins.pin(server).await? {
        if wrapper.verify(&pinned, head.signature()).is_ok() {
            return Ok(());
        }
        let Ok(manifest) = directory.manifest(server, Age::Renewed).await else {
            return Err(forged());
        };
        check_pin(server, &pinned, &manifest.public_key, pins, now).await?;
        return Err(forged());
    }
    let manifest = directory.manifest(server, Age::Cached).await?;
    wrapper
        .verify(&manifest.public_key, head.signature())
        .map_err(|_| forged())?;
    let pinned = pins.pin_first(server, &manifest.public_key, now).await?;
    check_pin(server, &pinned, &manifest.public_key, pins, now).await
}

/// Compares the key that a server publishes with the one that is pinned, and records a difference.
///
/// # Errors
///
/// [`Code::PinMismatch`] when they differ.
pub async fn check_pin(
    server: &ServerId,
    pinned: &VerifyingKey,
    offered: &VerifyingKey,
    pins: &dyn PinStore,
    now: UnixMillis,
) -> Result<(), Refusal> {
    if pinned == offered {
        return Ok(());
    }
    pins.record_mismatch(server, offered, now).await?;
    let detail = "The server's key is not the one pinned at first contact; its operator must settle this with ours.";
    Err(Refusal::new(Code::PinMismatch, detail).by_rule(10))
}

/// Pins in memory.
#[derive(Debug, Default)]
pub struct MemoryPins {
    pins: Mutex<HashMap<ServerId, (VerifyingKey, Option<VerifyingKey>)>>,
}

impl MemoryPins {
    /// No pins yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The differing key last offered by a pinned server.
    pub fn mismatch(&self, server: &ServerId) -> Option<VerifyingKey> {
        self.locked(|pins| pins.get(server).and_then(|(_, offered)| *offered))
    }

    fn locked<T>(&self, act: impl FnOnce(&mut HashMap<ServerId, (VerifyingKey, Option<VerifyingKey>)>) -> T) -> T {
        // A panic elsewhere cannot leave the map half-changed: every change is one insertion.
        act(&mut self.pins.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl PinStore for MemoryPins {
    async fn pin(&self, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError> {
        Ok(self.locked(|pins| pins.get(server).map(|(key, _)| *key)))
    }

    async fn pin_first(
        &self,
        server: &ServerId,
        key: &VerifyingKey,
        _: UnixMillis,
    ) -> Result<VerifyingKey, StorageError> {
        Ok(self.locked(|pins| pins.entry(server.clone()).or_insert((*key, None)).0))
    }

    async fn record_mismatch(
        &self,
        server: &ServerId,
        offered: &VerifyingKey,
        _: UnixMillis,
    ) -> Result<(), StorageError> {
        self.locked(|pins| {
            if let Some((_, mismatch)) = pins.get_mut(server) {
                *mismatch = Some(*offered);
            }
        });
        Ok(())
    }
}
