//! The conformance suite of `parchment-core` on the database: real ones, closed and opened again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use parchment_core::{
    envelope,
    handle::Handle,
    inbox::{
        InboxStore,
        conformance::{self, Bench, Subject},
    },
    pins::PinStore,
    replay::NONCE_LIFETIME_MS,
    storage::StorageError,
    time::UnixMillis,
};
use parchment_server::{
    federation::{
        inbox::{self, GroupedInbox, StoredInbox},
        pins::StoredPins,
    },
    store::{Store, StoreError, Transaction, entities::users},
};
use sea_orm::{ActiveModelTrait as _, Set, prelude::Uuid};
use support::database;
use tempfile::TempDir;

const NOW: UnixMillis = UnixMillis(1_776_686_400_000);

/// Which of the two inbox stores is tried.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Stored,
    Grouped,
}

#[async_trait]
impl Bench for Kind {
    async fn empty(&self) -> Result<Box<dyn Subject>, StorageError> {
        let folder = tempfile::tempdir().map_err(failed)?;
        let file = || format!("sqlite://{}", folder.path().join("parchment.db").display());
        let url = database::fresh().unwrap_or_else(file);
        let database = Database::open(*self, url, Arc::new(folder)).await?;
        database.store.write(add_carol).await.map_err(failed)?;
        Ok(Box::new(database))
    }
}

/// The recipient, whom the handler must know.
async fn add_carol(tx: &Transaction) -> Result<(), StoreError> {
    let carol = users::ActiveModel {
        id: Set(Uuid::now_v7()),
        email: Set("carol@mail.example".to_owned()),
        email_key: Set("carol@mail.example".to_owned()),
        alias: Set(Some("carol".to_owned())),
        alias_key: Set(Some("carol".to_owned())),
        created_at: Set(NOW.0),
        updated_at: Set(NOW.0),
        ..Default::default()
    };
    carol.insert(tx).await?;
    Ok(())
}

/// One database file with its stores.
struct Database {
    kind: Kind,
    url: String,
    folder: Arc<TempDir>,
    store: Store,
    inbox: Arc<dyn InboxStore>,
    pins: Arc<StoredPins>,
}

impl Database {
    async fn open(kind: Kind, url: String, folder: Arc<TempDir>) -> Result<Self, StorageError> {
        let store = Store::open(&url).await.map_err(failed)?;
        let inbox: Arc<dyn InboxStore> = match kind {
            Kind::Stored => Arc::new(StoredInbox::new(store.clone())),
            Kind::Grouped => Arc::new(GroupedInbox::start(store.clone())),
        };
        let pins = Arc::new(StoredPins::new(store.clone()));
        Ok(Self {
            kind,
            url,
            folder,
            store,
            inbox,
            pins,
        })
    }
}

#[async_trait]
impl Subject for Database {
    fn inbox(&self) -> Arc<dyn InboxStore> {
        self.inbox.clone()
    }

    fn pins(&self) -> Arc<dyn PinStore> {
        self.pins.clone()
    }

    fn recipient(&self) -> Handle {
        Handle::parse("carol@home.example").unwrap()
    }

    async fn sweep(&self, now: UnixMillis) -> Result<(), StorageError> {
        let until = now.plus(-NONCE_LIFETIME_MS).0;
        inbox::sweep(&self.store, until).await.map_err(failed)?;
        Ok(())
    }

    async fn reopen(&mut self) -> Result<(), StorageError> {
        self.store.close().await;
        *self = Self::open(self.kind, self.url.clone(), self.folder.clone()).await?;
        Ok(())
    }

    fn legacy(&self) -> Option<envelope::Kind> {
        Some(envelope::Kind::FriendInvite)
    }
}

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError(error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_transaction_for_each_call_keeps_every_rule() {
    conformance::run(&Kind::Stored, NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_shared_by_callers_keep_every_rule() {
    conformance::run(&Kind::Grouped, NOW).await.unwrap();
}
