//! Everything only SQLite understands.
//!
//! Two pools on one file. The writer is a single connection that lives as long
//! as the store: SQLite allows one writer at a time anyway, and a queue in
//! front of it is fair, where its own lock is a lottery. The readers see a
//! snapshot each (write-ahead log) and never wait for the writer.

use std::{
    fs, io,
    path::Path,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    DatabaseBackend, SqliteTransactionMode, SqlxSqliteConnector, TransactionOptions,
    sea_query::TableCreateStatement,
    sqlx::{
        self, ConnectOptions, Connection, SqlitePool,
        error::DatabaseError,
        sqlite::{SqliteConnectOptions, SqliteError, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use super::{StoreError, pools::Pools};

/// How long to wait for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for a connection, that is, for writers of this process.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// How many queries can run beside the writer.
const READERS: u32 = 4;

/// Opens the file that `url` names, creating it if it may be created.
pub(super) async fn connect(url: &str) -> Result<Pools, StoreError> {
    let options = parse(url)?;

    let writer = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let writer = open_patiently(1, writer).await?;

    let reader = options.pragma("query_only", "ON");
    let reader = open_patiently(READERS, reader).await?;

    Ok(Pools {
        reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
    })
}

/// How a transaction that writes begins.
///
/// With the write lock in hand. A transaction that began as a reader can fail
/// when it turns into a writer, and waiting does not cure that.
pub(super) fn write_transaction() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

/// Stores the rows of `table` in its primary key's index and nowhere else.
///
/// Pays off for small rows that are only ever looked up by their key: half the
/// pages to write per insert. Does nothing on other databases.
pub(super) fn without_rowid(table: &mut TableCreateStatement, backend: DatabaseBackend) -> &mut TableCreateStatement {
    match backend {
        DatabaseBackend::Sqlite => table.extra("WITHOUT ROWID"),
        _ => table,
    }
}

/// The columns in `UNIQUE constraint failed: table.column, table.column`.
pub(super) fn violated_columns(message: &str) -> &str {
    message.split_once(": ").map_or(message, |(_, columns)| columns)
}

/// Sorts an error by its code; `None` if it is not from SQLite.
///
/// SQLite's own messages name columns and never quote values.
pub(super) fn explain(error: &dyn DatabaseError) -> Option<StoreError> {
    let error = error.try_downcast_ref::<SqliteError>()?;
    let reason = error.to_string();
    Some(match primary_code(error) {
        // PERM, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL,
        // CANTOPEN, PROTOCOL
        Some(3 | 5..=10 | 13..=15) => StoreError::unavailable(reason),
        // CORRUPT, NOTADB
        Some(11 | 26) => StoreError::corrupt(reason),
        _ => StoreError::internal(reason),
    })
}

fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    let extended: u32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Whether a URL names a file.
pub(super) fn check_url(url: &str) -> Result<(), StoreError> {
    read(url).map(drop)
}

/// The options that a URL stands for, and whether a missing file may be made.
fn read(url: &str) -> Result<(SqliteConnectOptions, bool), StoreError> {
    let refuse = |reason: &str| StoreError::Url {
        reason: reason.to_owned(),
    };
    let mode = url.split_once('?').map_or("", |(_, query)| query);
    let create = match mode {
        "" | "mode=rwc" => true,
        "mode=rw" => false,
        _ => return Err(refuse("only `?mode=rwc` or `?mode=rw` may follow the path")),
    };
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| refuse("its path is not valid percent-encoded UTF-8"))?
        // Neither is up to the URL: a missing file is created by `parse`.
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    // An in-memory database has no second connection and no morning after.
    if options.get_filename().as_os_str().is_empty() || url.contains(":memory:") {
        return Err(refuse("it names no file"));
    }
    Ok((options, create))
}

/// Reads a URL and makes its file where it is missing and may be made.
fn parse(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let (options, create) = read(url)?;
    let path = options.get_filename();
    if create {
        create_missing(path)
            .map_err(|error| StoreError::unavailable(format!("cannot create `{}`: {error}", path.display())))?;
    }
    Ok(options)
}

/// Creates an empty file, which is a valid database, for its owner's eyes.
///
/// SQLite gives the files it puts beside it the same permissions.
fn create_missing(path: &Path) -> io::Result<()> {
    // Closing a file releases all locks this process has on it, SQLite's too.
    // So nobody in this process may get past here while one is still open.
    static CREATING: Mutex<()> = Mutex::new(());
    let _turn = CREATING.lock().unwrap_or_else(PoisonError::into_inner);

    let mut folders = fs::DirBuilder::new();
    let mut file = fs::OpenOptions::new();
    folders.recursive(true);
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        file.mode(0o600);
    }

    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        folders.create(folder)?;
    }
    match file.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        opened => opened.map(drop),
    }
}

/// Opens a pool of `size` connections that stay open.
///
/// Waits for others that are opening the same file: when two switch a new file
/// to the write-ahead log together, one can fail at once, whatever the busy
/// timeout.
async fn open_patiently(size: u32, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let pool = SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(TURN_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // SQLite ends a transaction by itself on some failures (a full
            // disk), and the driver then believes it is still inside one:
            // later transactions would begin as savepoints, without the write
            // lock. Such a connection is replaced.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
        match pool.connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(StoreError::from(&error)),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    // BUSY, LOCKED
    error
        .as_database_error()
        .is_some_and(|error| matches!(primary_code(error), Some(5 | 6)))
}
