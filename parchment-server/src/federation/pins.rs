//! Pinned keys in the database.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parchment_core::{handle::ServerId, keys::VerifyingKey, pins::PinStore, storage::StorageError, time::UnixMillis};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, sea_query::OnConflict,
};

use super::peers::Peers;
use crate::store::{Store, StoreError, entities::peers};

/// How long a pin is believed without looking: an operator may have changed it from another process.
const BELIEVED_FOR: Duration = Duration::from_secs(10);

/// How many pins are kept in memory.
const MAX_REMEMBERED: usize = 10_000;

/// Pins in the `peers` table, the busy ones remembered ready for verification.
#[derive(Clone)]
pub struct StoredPins {
    store: Store,
    remembered: Arc<Mutex<HashMap<ServerId, (VerifyingKey, Instant)>>>,
    /// Who must hear when a pin is gone.
    directory: Option<Peers>,
}

impl StoredPins {
    /// The pins of this database.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            remembered: Arc::default(),
            directory: None,
        }
    }

    /// The same pins beside a directory, which forgets what it knows about a server when its pin was taken away.
    ///
    /// Otherwise the manifest from before would be believed again, and its key pinned again.
    #[must_use]
    pub fn beside(mut self, directory: Peers) -> Self {
        self.directory = Some(directory);
        self
    }

    fn recall(&self, server: &ServerId) -> Option<VerifyingKey> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered
            .get(server)
            .filter(|(_, since)| since.elapsed() < BELIEVED_FOR)
            .map(|(key, _)| *key)
    }

    /// An operator may have taken a pin away that was remembered here before the database was `asked`; one that was
    /// made since is new.
    fn forget(&self, server: &ServerId, asked: Instant) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.get(server).is_none_or(|(_, since)| *since >= asked) {
            return;
        }
        remembered.remove(server);
        if let Some(directory) = &self.directory {
            tracing::info!(%server, "the pin of a server is gone; it is asked who it is");
            directory.forget(server);
        }
    }

    fn remember(&self, server: &ServerId, key: VerifyingKey) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(server.clone(), (key, Instant::now()));
    }
}

async fn find(db: &impl ConnectionTrait, server: &ServerId) -> Result<Option<VerifyingKey>, StoreError> {
    let Some(row) = peers::Entity::find_by_id(server.as_str()).one(db).await? else {
        return Ok(None);
    };
    let key = row
        .public_key
        .as_slice()
        .try_into()
        .ok()
        .and_then(|key| VerifyingKey::from_bytes(key).ok());
    key.map(Some).ok_or_else(|| StoreError::Corrupt {
        reason: format!("the pin of {server} is not a key"),
    })
}

#[async_trait]
impl PinStore for StoredPins {
    async fn pin(&self, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError> {
        if let Some(key) = self.recall(server) {
            return Ok(Some(key));
        }
        let asked = Instant::now();
        let key = find(self.store.reader(), server).await.map_err(failed)?;
        match key {
            Some(key) => self.remember(server, key),
            None => self.forget(server, asked),
        }
        Ok(key)
    }

    async fn pin_first(
        &self,
        server: &ServerId,
        key: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<VerifyingKey, StorageError> {
        let stands = self
            .store
            .write(async |tx| {
                let row = peers::ActiveModel {
                    server_id: Set(server.as_str().to_owned()),
                    public_key: Set(key.as_bytes().to_vec()),
                    pinned_at: Set(now.0),
                    mismatched_key: Set(None),
                    mismatched_at: Set(None),
                };
                peers::Entity::insert(row)
                    .on_conflict(OnConflict::new().do_nothing().to_owned())
                    .exec_without_returning(tx)
                    .await?;
                find(tx, server).await?.ok_or(StoreError::Missing)
            })
            .await
            .map_err(failed)?;
        self.remember(server, stands);
        Ok(stands)
    }

    async fn record_mismatch(
        &self,
        server: &ServerId,
        offered: &VerifyingKey,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        let known = peers::Entity::find_by_id(server.as_str())
            .one(self.store.reader())
            .await;
        let known = known.map_err(|error| failed(error.into()))?;
        // Anybody can send requests in the name of a server that has changed its key: they need no write each.
        // Nor does a pin that was just taken away.
        if known.is_none_or(|row| row.mismatched_key.as_deref() == Some(offered.as_bytes())) {
            return Ok(());
        }
        tracing::warn!(
            %server,
            offered = %offered.to_base64(),
            "a pinned server publishes another key; its messages are refused until the pin is changed"
        );
        self.store
            .write(async |tx| {
                peers::Entity::update_many()
                    .col_expr(peers::Column::MismatchedKey, offered.as_bytes().to_vec().into())
                    .col_expr(peers::Column::MismatchedAt, now.0.into())
                    .filter(peers::Column::ServerId.eq(server.as_str()))
                    .exec(tx)
                    .await?;
                Ok(())
            })
            .await
            .map_err(failed)
    }
}

/// Takes the pin of a server away: the operator's decision, and nobody else's. The next key that it proves to have is
/// pinned. Servers that run follow within 10 seconds. Says whether there was a pin.
///
/// # Errors
///
/// [`StoreError`].
pub async fn forget(store: &Store, server: &ServerId) -> Result<bool, StoreError> {
    let pin = peers::Entity::delete_by_id(server.as_str());
    let deleted = store.write(async |tx| Ok::<_, StoreError>(pin.exec(tx).await?)).await?;
    Ok(deleted.rows_affected > 0)
}

/// Logs what the database says and passes on that it failed.
pub(super) fn failed(error: StoreError) -> StorageError {
    tracing::error!(%error, "the database failed under federation");
    StorageError(error.to_string())
}

impl std::fmt::Debug for StoredPins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredPins")
    }
}
