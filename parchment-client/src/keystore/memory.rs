//! A store that forgets with the process.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{KeyStore, KeyStoreError, SecretBytes};

/// Keeps secrets in memory.
///
/// A device with such a store remembers nothing between two runs, and so notices no rollback that happened in between.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Option<SecretBytes>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<SecretBytes>> {
        // Whoever panicked while holding it changed nothing: the value is replaced whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl KeyStore for MemoryStore {
    async fn load(&self) -> Result<Option<SecretBytes>, KeyStoreError> {
        Ok(self.held().clone())
    }

    async fn save(&self, secrets: &SecretBytes) -> Result<(), KeyStoreError> {
        *self.held() = Some(secrets.clone());
        Ok(())
    }

    async fn clear(&self) -> Result<(), KeyStoreError> {
        *self.held() = None;
        Ok(())
    }
}
