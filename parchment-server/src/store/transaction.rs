//! A transaction that remembers what went wrong in it.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, ExecResult, QueryResult, Statement};

use super::{StoreError, postgres};

/// A write under way; queries take it as they take a connection.
///
/// PostgreSQL ends a transaction with its first failed statement, and answers a commit after it with neither an error
/// nor a commit. So the first failure is kept here, where no caller can swallow it: [`Store::write`](super::Store::write)
/// looks at it before it commits.
#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    failure: Mutex<Option<Failure>>,
}

/// What ended a transaction on PostgreSQL.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another transaction came between; the same work may succeed now.
    Overtaken,
    /// A unique key was taken, maybe by a transaction that this one could not see yet.
    Taken,
    /// The connection is lost, and with it the transaction.
    Broken,
    /// Anything else.
    Other(StoreError),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Overtaken => Self::unavailable("others kept changing the same rows"),
            Failure::Taken => Self::Conflict {
                constraint: "a unique key".to_owned(),
            },
            Failure::Broken => Self::unavailable("the connection to it was lost"),
            Failure::Other(error) => error,
        }
    }
}

impl Transaction {
    pub(super) fn new(inner: DatabaseTransaction) -> Self {
        Self {
            inner,
            failure: Mutex::default(),
        }
    }

    pub(super) fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    pub(super) async fn roll_back(self) {
        // Dropping the transaction would do, some time later; waiting lets the caller look at a database without
        // traces of it.
        if let Err(rollback) = self.inner.rollback().await {
            let rollback = StoreError::from(rollback);
            tracing::warn!(%rollback, "a failed write was not rolled back cleanly");
        }
    }

    fn note<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &done
            && self.inner.get_database_backend() == DatabaseBackend::Postgres
        {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| postgres::failure(error));
        }
        done
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(self.inner.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.note(self.inner.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(self.inner.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(self.inner.query_all_raw(statement).await)
    }
}

/// A task that this process has and no other; until this is dropped, or the process is gone.
#[derive(Debug)]
pub struct Claim {
    /// Holds the lock on PostgreSQL. A file of SQLite is swept by each process that has it.
    pub(super) _lock: Option<DatabaseTransaction>,
}

/// What only one of the processes on a database does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Bringing the schema up to date.
    Migrate,
    /// Forgetting what is old.
    Sweep,
}

impl Task {
    /// The number of its advisory lock; the upper half is this program's own.
    pub(super) fn number(self) -> i64 {
        const OURS: i64 = 0x7061_7263 << 32;
        OURS + match self {
            Self::Migrate => 1,
            Self::Sweep => 2,
        }
    }
}
