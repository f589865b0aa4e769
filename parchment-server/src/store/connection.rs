//! Opening a database and taking turns at writing to it.

use std::{fmt, sync::Arc, time::Duration};

use sea_orm::{
    DatabaseConnection, DbErr, EntityTrait, IsolationLevel, QuerySelect, TransactionOptions, TransactionTrait,
};

use super::{
    State, StoreError,
    entities::server_identity,
    migrations,
    pools::Pools,
    postgres::{self, Patience, WRITE_TIMEOUT},
    sqlite,
    transaction::{Claim, Failure, Task, Transaction},
};

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
    /// `postgres://user:password@host:port/database` names a database on a
    /// PostgreSQL server, which must be there; its tables are made.
    ///
    /// Several processes may open the same new database at once: one creates
    /// the schema, the others wait for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] for a URL this program has no driver for or a
    /// database that it cannot use,
    /// [`StoreError::NewerSchema`] for a database that a later version has
    /// upgraded (it is left untouched), [`StoreError::Corrupt`] for a file
    /// that is not a database, [`StoreError::Unavailable`] when it cannot be
    /// opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let connections = match kind(url)? {
            Kind::Sqlite => sqlite::connect(url).await?,
            Kind::Postgres => postgres::connect(url).await?,
        };
        let store = Self {
            connections: Arc::new(connections),
        };
        store.migrate().await?;
        Ok(store)
    }

    /// Whether [`open`](Self::open) has a driver for a URL that can be read; touches nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`].
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        match kind(url)? {
            Kind::Sqlite => sqlite::check_url(url),
            Kind::Postgres => postgres::check_url(url),
        }
    }

    /// Brings the schema up to date; of several processes that do so at once one does it, and the others wait.
    async fn migrate(&self) -> Result<(), StoreError> {
        if self.connections.turns.is_none() {
            return self.write(async |tx| migrations::run(tx.inner()).await).await;
        }
        if self.is_current().await? {
            return Ok(());
        }
        // Not serializable: what others did while this waited for the lock must be seen.
        let options = TransactionOptions {
            isolation_level: Some(IsolationLevel::ReadCommitted),
            ..TransactionOptions::default()
        };
        let transaction = self.connections.writer.begin_with_options(options).await?;
        postgres::lock_schema(&transaction).await?;
        migrations::run(&transaction).await?;
        postgres::compare_text_bytewise(&transaction).await?;
        Ok(transaction.commit().await?)
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

    /// The connections that write, for what takes longer than a request may.
    pub(super) fn writer(&self) -> &DatabaseConnection {
        &self.connections.writer
    }

    /// Runs `work` in one transaction, as if it were the only writer.
    ///
    /// Commits when `work` returns `Ok`. Rolls back when it returns `Err` and
    /// when this future is dropped before `work` is done. Dropped during the
    /// commit itself, the transaction is either committed or rolled back as a
    /// whole; an `Ok` from here means that it is on disk.
    ///
    /// On SQLite there is one writer, and writers are served in the order in
    /// which they came. On PostgreSQL several run at once, and `work` runs
    /// again, as a clone, when another came between: nothing of the earlier
    /// run is left in the database, and nothing must be left of it elsewhere.
    /// It is not run again once a commit was sent, unless the server said
    /// that it did not commit.
    ///
    /// Keep `work` short and free of anything but queries: others wait for
    /// it. Calling `write` from inside `work` waits for itself until it fails.
    ///
    /// A statement's error is to be passed on, not swallowed: after some (a
    /// full disk on SQLite, any on PostgreSQL) the transaction is gone.
    ///
    /// # Errors
    ///
    /// What `work` returned, or [`StoreError::Unavailable`] when the turn did
    /// not come in time, others kept coming between, the connection was lost,
    /// or the commit failed. When the connection was lost during the commit,
    /// nobody knows whether it happened, and the error says so.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E> + Clone,
        E: From<StoreError>,
    {
        let Some(turns) = &self.connections.turns else {
            let options = sqlite::write_transaction();
            let transaction = self.connections.writer.begin_with_options(options).await;
            let transaction = Transaction::new(transaction.map_err(StoreError::from)?);
            return match work(&transaction).await {
                Ok(value) => {
                    transaction.commit().await.map_err(StoreError::from)?;
                    Ok(value)
                }
                Err(error) => {
                    transaction.roll_back().await;
                    Err(error)
                }
            };
        };
        let mut patience = Patience::new();
        loop {
            let turn = turns.take(patience.wants_to_be_alone()).await?;
            let (failure, said) = match self.attempt(work.clone()).await {
                Attempt::Done(result) => return result,
                Attempt::Failed(failure, said) => (failure, said),
            };
            drop(turn);
            if !patience.try_again(&failure).await {
                return Err(said.unwrap_or_else(|| E::from(failure.into())));
            }
        }
    }

    /// Runs `work` once on PostgreSQL.
    async fn attempt<T, E, F>(&self, work: F) -> Attempt<T, E>
    where
        F: AsyncFnOnce(&Transaction) -> Result<T, E>,
        E: From<StoreError>,
    {
        let slow = || StoreError::unavailable("the server did not answer in time");
        let begun = tokio::time::timeout(WRITE_TIMEOUT, self.connections.writer.begin()).await;
        let transaction = match begun {
            Ok(Ok(transaction)) => Transaction::new(transaction),
            Ok(Err(error)) => return Attempt::begin_failed(error),
            Err(_) => return Attempt::Done(Err(slow().into())),
        };
        let Ok(result) = tokio::time::timeout(WRITE_TIMEOUT, work(&transaction)).await else {
            return Attempt::Done(Err(slow().into()));
        };
        match (result, transaction.take_failure()) {
            (Ok(value), None) => {
                let committed = tokio::time::timeout(WRITE_TIMEOUT, transaction.commit()).await;
                match committed {
                    Ok(Ok(())) => Attempt::Done(Ok(value)),
                    Ok(Err(error)) => Attempt::commit_failed(error),
                    Err(_) => Attempt::Done(Err(unknown_commit().into())),
                }
            }
            // The transaction is gone already; what is left is to say so to the connection.
            (result, Some(failure)) => {
                transaction.roll_back().await;
                match (result, failure) {
                    (Err(error), Failure::Other(_)) => Attempt::Done(Err(error)),
                    (Err(error), Failure::Taken) => Attempt::Failed(Failure::Taken, Some(error)),
                    (_, failure) => Attempt::Failed(failure, None),
                }
            }
            (Err(error), None) => {
                transaction.roll_back().await;
                Attempt::Done(Err(error))
            }
        }
    }

    /// Claims a task that one process is to do at a time; none when another has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be asked.
    pub async fn claim(&self, task: Task) -> Result<Option<Claim>, StoreError> {
        if self.connections.turns.is_none() {
            return Ok(Some(Claim { _lock: None }));
        }
        let transaction = self.reader().begin().await?;
        let claimed = postgres::try_lock(&transaction, task.number()).await?;
        Ok(claimed.then_some(Claim {
            _lock: Some(transaction),
        }))
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

/// The databases that there are drivers for.
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

/// Which database a URL names, by its scheme.
pub(super) fn kind(url: &str) -> Result<Kind, StoreError> {
    let reason = match url.split_once(':') {
        Some(("sqlite", _)) => return Ok(Kind::Sqlite),
        Some(("postgres" | "postgresql", _)) => return Ok(Kind::Postgres),
        // The rest of the URL is not repeated: it may hold a password.
        Some((scheme, _)) => format!("unknown scheme `{scheme}:`, supported are `sqlite:` and `postgres:`"),
        None => "it has no scheme, supported are `sqlite:` and `postgres:`".to_owned(),
    };
    Err(StoreError::Url { reason })
}

/// How one run of a write ended.
enum Attempt<T, E> {
    Done(Result<T, E>),
    /// May be tried again; with what the work itself made of it, where that is the better answer.
    Failed(Failure, Option<E>),
}

impl<T, E: From<StoreError>> Attempt<T, E> {
    /// Nothing has happened yet.
    fn begin_failed(error: DbErr) -> Self {
        match postgres::failure(&error) {
            Failure::Broken => Self::Failed(Failure::Broken, None),
            _ => Self::Done(Err(StoreError::from(error).into())),
        }
    }

    /// The server's own word means that it did not commit; without one it may have.
    fn commit_failed(error: DbErr) -> Self {
        match postgres::failure(&error) {
            Failure::Broken => Self::Done(Err(unknown_commit().into())),
            failure => Self::Failed(failure, None),
        }
    }
}

fn unknown_commit() -> StoreError {
    StoreError::unavailable("its connection was lost during a commit, which may have happened or not")
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.reader().get_database_backend())
            .finish_non_exhaustive()
    }
}
