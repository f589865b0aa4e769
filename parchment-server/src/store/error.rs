//! What can go wrong with a database, sorted by what to do about it.

use sea_orm::{
    DbErr, RuntimeErr,
    error::ConnAcquireErr,
    sqlx::{self, error::ErrorKind},
};

use super::{postgres, sqlite};

/// Why the store did not do what it was asked.
///
/// The texts name tables, columns and constraints and never a value, so they
/// can be logged. They are for operators; nothing in them is for a peer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is busy, closed, full or out of reach. Nothing was
    /// changed, unless a commit was what failed, and trying again later may
    /// help.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the driver reported.
        reason: String,
    },
    /// A row with the same unique key is there already.
    #[error("a row with this key exists already ({constraint})")]
    Conflict {
        /// Which key: the columns on SQLite (`users.email_key`), the
        /// constraint's name on PostgreSQL.
        constraint: String,
    },
    /// The row refers to another that is not there (any more).
    #[error("a row refers to one that does not exist")]
    Dangling,
    /// The row to change is not there (any more).
    #[error("the row to change does not exist")]
    Missing,
    /// The file is not a database, is damaged, or holds a value that this
    /// program cannot have written. Restoring a backup is what helps.
    #[error("the database cannot be understood: {reason}")]
    Corrupt {
        /// What the driver reported.
        reason: String,
    },
    /// A later version of this program has upgraded the database.
    #[error(
        "the database was upgraded by a newer version of this server (migration `{migration}` is \
         unknown to this one): run that version, or restore a backup from before the upgrade"
    )]
    NewerSchema {
        /// The first migration that is recorded and not known here.
        migration: String,
    },
    /// The database URL in the configuration cannot be used.
    #[error("the database URL cannot be used: {reason}")]
    Url {
        /// What is wrong with it; never the URL itself.
        reason: String,
    },
    /// A statement that should not fail did: a bug in this program.
    #[error("a database statement failed: {reason}")]
    Internal {
        /// What the driver reported.
        reason: String,
    },
}

impl StoreError {
    /// Whether a unique key was taken already.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(super) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }

    pub(super) fn corrupt(reason: impl Into<String>) -> Self {
        Self::Corrupt { reason: reason.into() }
    }

    pub(super) fn internal(reason: impl Into<String>) -> Self {
        Self::Internal { reason: reason.into() }
    }
}

/// Whether `error` says that a unique key was taken already.
///
/// On PostgreSQL the surrounding transaction is lost by then; where a conflict
/// is an ordinary outcome, insert with `ON CONFLICT DO NOTHING` instead.
#[must_use]
pub fn is_unique_violation(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return matches!(error, DbErr::RecordNotInserted);
    };
    error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation())
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => match error {
                RuntimeErr::SqlxError(error) => Self::from(&*error),
                RuntimeErr::Internal(_) => Self::internal("the connection layer refused it"),
            },
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::unavailable("no connection became free in time"),
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Self::unavailable("it has been closed"),
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::Missing,
            DbErr::RecordNotInserted => Self::Conflict {
                constraint: "insert ignored".to_owned(),
            },
            // Their texts quote the value that did not fit.
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => {
                Self::corrupt("a stored value is not of its type")
            }
            DbErr::AttrNotSet(column) => Self::internal(format!("column `{column}` was not set")),
            DbErr::UnpackInsertId
            | DbErr::UpdateGetPrimaryKey
            | DbErr::ConvertFromU64(_)
            | DbErr::BackendNotSupported { .. }
            | DbErr::KeyArityMismatch { .. }
            | DbErr::PrimaryKeyNotSet { .. } => Self::internal(error.to_string()),
            _ => Self::internal("unexpected kind of failure"),
        }
    }
}

impl From<&sqlx::Error> for StoreError {
    fn from(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::from_database(&**error),
            sqlx::Error::PoolTimedOut => Self::unavailable("no connection became free in time"),
            sqlx::Error::PoolClosed => Self::unavailable("it has been closed"),
            sqlx::Error::WorkerCrashed => Self::unavailable("its connection has ended"),
            sqlx::Error::Io(error) => Self::unavailable(error.kind().to_string()),
            sqlx::Error::ColumnDecode { index, .. } => Self::corrupt(format!("column {index} is not of its type")),
            sqlx::Error::Decode(_) | sqlx::Error::Protocol(_) => Self::corrupt("a stored value is not of its type"),
            sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::InvalidSavePointStatement
            | sqlx::Error::BeginFailed => Self::internal(error.to_string()),
            _ => Self::internal("unexpected kind of failure"),
        }
    }
}

impl StoreError {
    fn from_database(error: &dyn sqlx::error::DatabaseError) -> Self {
        match error.kind() {
            ErrorKind::UniqueViolation => Self::Conflict {
                constraint: error
                    .constraint()
                    .unwrap_or_else(|| sqlite::violated_columns(error.message()))
                    .to_owned(),
            },
            ErrorKind::ForeignKeyViolation => Self::Dangling,
            _ => sqlite::explain(error)
                .or_else(|| postgres::explain(error))
                .unwrap_or_else(|| Self::internal("a database that is not known here failed")),
        }
    }
}
