//! Opening a database and taking turns at writing to it.

use std::{fmt, sync::Arc, time::Duration};

use sea_orm::{DatabaseConnection, DatabaseTransaction, EntityTrait, QuerySelect, TransactionTrait};

use super::{State, StoreError, entities::server_identity, migrations, pools::Pools, sqlite};

/// How long a readiness check may take before the answer is no.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// A database with its schema in place.
///
/// Clones share the same connections.
#[derive(Clone)]
pub struct Store {
    connections: Arc<Pools>,
}

impl Store {
    /// Opens the database at `url` and brings its schema up to date.
    ///
    /// `sqlite:///absolute/path.db` and `sqlite://relative/path.db` name a
    /// file (percent-encode `?`, `#` and `%` in its name). A missing file is
    /// created, readable by its owner only, and so are missing folders above
    /// it; with `?mode=rw` a missing file is an error instead.
    ///
    /// Several processes may open the same new file at once: one creates the
    /// schema, the others wait for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] for a URL this program has no driver for,
    /// [`StoreError::NewerSchema`] for a database that a later version has
    /// upgraded (it is left untouched), [`StoreError::Corrupt`] for a file
    /// that is not a database, [`StoreError::Unavailable`] when it cannot be
    /// opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        check_scheme(url)?;
        let connections = sqlite::connect(url).await?;
        let store = Self {
            connections: Arc::new(connections),
        };
        store.write(async |tx| migrations::run(tx).await).await?;
        Ok(store)
    }

    /// Whether [`open`](Self::open) has a driver for a URL that can be read; touches nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`].
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        check_scheme(url)?;
        sqlite::check_url(url)
    }

    /// The connections for queries outside a write.
    ///
    /// Each statement sees what was committed when it started. Statements that
    /// write fail.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.connections.reader
    }

    /// What the database is like now; none where that cannot be seen without asking it.
    ///
    /// Two equal states had no commit between them, of this process or another.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.connections.watch.as_ref()?.state()
    }

    /// Runs `work` in one transaction, as the only writer.
    ///
    /// Commits when `work` returns `Ok`. Rolls back when it returns `Err` and
    /// when this future is dropped before `work` is done. Dropped during the
    /// commit itself, the transaction is either committed or rolled back as a
    /// whole; an `Ok` from here means that it is on disk.
    ///
    /// Writers are served in the order in which they came. Keep `work` short
    /// and free of anything but queries: everyone else waits for it. Calling
    /// `write` from inside `work` waits for itself until it fails.
    ///
    /// A statement's error is to be passed on, not swallowed: after some (a
    /// full disk on SQLite, any on PostgreSQL) the transaction is gone.
    ///
    /// # Errors
    ///
    /// What `work` returned, or [`StoreError::Unavailable`] when the turn did
    /// not come in time or the commit failed.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&DatabaseTransaction) -> Result<T, E>,
        E: From<StoreError>,
    {
        let transaction = self
            .connections
            .writer
            .begin_with_options(sqlite::write_transaction())
            .await
            .map_err(StoreError::from)?;
        match work(&transaction).await {
            Ok(value) => {
                transaction.commit().await.map_err(StoreError::from)?;
                Ok(value)
            }
            Err(error) => {
                // Dropping the transaction would do, some time later; waiting
                // lets the caller look at a database without traces of it.
                if let Err(rollback) = transaction.rollback().await {
                    let rollback = StoreError::from(rollback);
                    tracing::warn!(%rollback, "a failed write was not rolled back cleanly");
                }
                Err(error)
            }
        }
    }

    /// Whether the database answers a query within two seconds.
    pub async fn is_ready(&self) -> bool {
        let query = server_identity::Entity::find()
            .select_only()
            .column(server_identity::Column::Id)
            .into_tuple::<i32>()
            .one(self.reader());
        match tokio::time::timeout(READY_WITHIN, query).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                let error = StoreError::from(error);
                tracing::warn!(%error, "the database is not ready");
                false
            }
            Err(_) => {
                tracing::warn!("the database is not ready: no answer in time");
                false
            }
        }
    }

    /// Whether the schema is the one that this program knows: another process may have upgraded it since.
    ///
    /// # Errors
    ///
    /// As for any query.
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        Ok(migrations::applied(self.reader()).await? == migrations::known())
    }

    /// Waits for running queries and closes the database.
    ///
    /// Later calls on this store and its clones fail with
    /// [`StoreError::Unavailable`]. A store that is dropped without this loses
    /// nothing; the next opening has a little more to do.
    pub async fn close(&self) {
        // The writer last: the last connection to leave tidies up the file,
        // and only the writer may.
        for connection in [&self.connections.reader, &self.connections.writer] {
            if let Err(error) = connection.close_by_ref().await {
                let error = StoreError::from(error);
                tracing::warn!(%error, "closing the database failed");
            }
        }
    }
}

fn check_scheme(url: &str) -> Result<(), StoreError> {
    let reason = match url.split_once(':') {
        Some(("sqlite", _)) => return Ok(()),
        // The rest of the URL is not repeated: it may hold a password.
        Some((scheme, _)) => format!("unknown scheme `{scheme}:`, supported is `sqlite:`"),
        None => "it has no scheme, supported is `sqlite:`".to_owned(),
    };
    Err(StoreError::Url { reason })
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.reader().get_database_backend())
            .finish_non_exhaustive()
    }
}
