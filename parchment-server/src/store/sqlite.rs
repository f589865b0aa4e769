//! Everything only SQLite understands.
//!
//! Two pools on one file. The writer is a single connection that lives as long
//! as the store: SQLite allows one writer at a time anyway, and a queue in
//! front of it is fair, where its own lock is a lottery. The readers see a
//! snapshot each (write-ahead log) and never wait for the writer.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait as _, DatabaseBackend, DatabaseConnection, FromQueryResult, SqliteTransactionMode,
    SqlxSqliteConnector, Statement, TransactionOptions,
    sea_query::TableCreateStatement,
    sqlx::{
        self, ConnectOptions, Connection, SqlitePool,
        error::DatabaseError,
        sqlite::{
            SqliteConnectOptions, SqliteError, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
            SqliteSynchronous,
        },
    },
};

use super::{State, StoreError, pools::Pools};

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
        .synchronous(SqliteSynchronous::Full)
        // Pages that are written again and again go into the database file once in a while.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", "-8000");
    let writer = open_patiently(1, writer).await?;

    let reader = options.pragma("query_only", "ON");
    let reader = open_patiently(READERS, reader).await?;

    Ok(Pools {
        reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        watch: Watch::on(&file_of(url)?),
        turns: None,
    })
}

/// Sees from the index of the write-ahead log whether anything was written.
///
/// The index begins with a header that every commit of any process changes: the number of frames, their checksum, a
/// counter, and salts that change when the log begins anew (<https://sqlite.org/walformat.html>).
pub(super) struct Watch(&'static fs::File);

impl Watch {
    /// Watches the database in `file`, which is open and has its log.
    fn on(file: &Path) -> Option<Self> {
        let [_, index, _] = <[PathBuf; 3]>::try_from(companions(file)).ok()?;
        // Never closed: closing a file releases all locks that this process has on it, SQLite's too.
        Some(Self(Box::leak(Box::new(fs::File::open(index).ok()?))))
    }

    /// The header, unless somebody is just writing it or it is not the one that is documented.
    pub(super) fn state(&self) -> Option<State> {
        let mut header = [0; 96];
        read_start(self.0, &mut header).ok()?;
        let (first, second) = header.split_at(48);
        let version: [u8; 4] = first.get(..4)?.try_into().ok()?;
        let is_known = u32::from_ne_bytes(version) == WAL_INDEX_VERSION && first == second;
        is_known.then(|| first.try_into().ok().map(State))?
    }
}

const WAL_INDEX_VERSION: u32 = 3_007_000;

#[cfg(unix)]
fn read_start(file: &fs::File, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, 0)
}

/// Elsewhere the index is locked against reading.
#[cfg(not(unix))]
fn read_start(_: &fs::File, _: &mut [u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Opens the file that `url` names for looking at it, as it is.
pub(super) async fn look_at(url: &str) -> Result<DatabaseConnection, StoreError> {
    let options = options(url)?.read_only(true);
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(
        open_patiently(1, options).await?,
    ))
}

/// Opens the file that `url` names as the only one who has it open, and keeps others out; none when somebody has.
pub(super) async fn open_alone(url: &str) -> Result<Option<DatabaseConnection>, StoreError> {
    let options = options(url)?
        .locking_mode(SqliteLockingMode::Exclusive)
        .busy_timeout(Duration::from_millis(500));
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await;
    let busy = |error: sqlx::Error| {
        if is_busy(&error) {
            Ok(None)
        } else {
            Err(StoreError::from(&error))
        }
    };
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => return busy(error),
    };
    // The lock is taken with the first look, and kept.
    match sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&pool).await {
        Ok(_) => Ok(Some(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))),
        Err(error) => busy(error),
    }
}

/// Opens a file that nobody changes: without locks, and without trusting its schema to be this program's.
pub(super) async fn look_at_copy(file: &Path) -> Result<DatabaseConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .immutable(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging();
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(
        open_patiently(1, options).await?,
    ))
}

/// Copies what one read transaction sees; `VACUUM INTO` takes no lock that keeps writers waiting.
pub(super) async fn copy(from: &DatabaseConnection, to: &Path) -> Result<(), StoreError> {
    let to = to.to_str().ok_or_else(|| {
        StoreError::unavailable("the copy's path is not valid UTF-8, which the database's own command needs")
    })?;
    let statement = Statement::from_sql_and_values(DatabaseBackend::Sqlite, "VACUUM INTO ?", [to.into()]);
    from.execute_raw(statement).await?;
    Ok(())
}

/// How closely to look.
pub(super) enum Depth {
    /// At every page and row, and whether the indexes agree with their tables.
    Whole,
    /// At every page.
    Quick,
}

/// How much damage is told.
const TOLD: usize = 20;

/// What SQLite finds wrong with the file; it names tables, indexes and pages and never a value.
pub(super) async fn damage(db: &DatabaseConnection, depth: Depth) -> Result<Vec<String>, StoreError> {
    let statement = match depth {
        Depth::Whole => format!("PRAGMA integrity_check({TOLD})"),
        Depth::Quick => format!("PRAGMA quick_check({TOLD})"),
    };
    let mut found = Vec::new();
    for row in query(db, &statement).await? {
        let text: String = row.try_get_by_index(0).map_err(StoreError::from)?;
        if text != "ok" {
            found.push(text);
        }
    }
    Ok(found)
}

/// The tables with rows that refer to rows that are not there.
pub(super) async fn dangling(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    #[derive(FromQueryResult)]
    struct Violation {
        table: String,
        parent: String,
    }
    let statement = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA foreign_key_check");
    let rows = db.query_all_raw(statement).await?;
    let mut found = BTreeMap::<String, u64>::new();
    for row in rows {
        let Violation { table, parent } = Violation::from_query_result(&row, "")?;
        *found
            .entry(format!("rows of `{table}` refer to missing rows of `{parent}`"))
            .or_default() += 1;
    }
    Ok(found
        .into_iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect())
}

/// How many rows each table has.
pub(super) async fn row_counts(db: &DatabaseConnection) -> Result<BTreeMap<String, u64>, StoreError> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut counts = BTreeMap::new();
    for row in query(db, tables).await? {
        let table: String = row.try_get_by_index(0).map_err(StoreError::from)?;
        let quoted = table.replace('"', "\"\"");
        let count = query(db, &format!("SELECT count(*) FROM \"{quoted}\"")).await?;
        let count: i64 = match count.first() {
            Some(row) => row.try_get_by_index(0).map_err(StoreError::from)?,
            None => 0,
        };
        counts.insert(table, count.unsigned_abs());
    }
    Ok(counts)
}

async fn query(db: &DatabaseConnection, statement: &str) -> Result<Vec<sea_orm::QueryResult>, StoreError> {
    let statement = Statement::from_string(DatabaseBackend::Sqlite, statement);
    Ok(db.query_all_raw(statement).await?)
}

/// The URL that names a file.
pub(crate) fn url_of(file: &Path) -> String {
    // These three would be read as part of the URL around the path.
    let path = file
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("sqlite://{path}")
}

/// The file that `url` names.
pub(super) fn file_of(url: &str) -> Result<PathBuf, StoreError> {
    Ok(options(url)?.get_filename().to_owned())
}

/// The write-ahead log, its index and the rollback journal of the database in `file`.
pub(super) fn companions(file: &Path) -> Vec<PathBuf> {
    let beside = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    vec![beside("-wal"), beside("-shm"), beside("-journal")]
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
    options(url).map(drop)
}

/// Reads the URL, and makes the file that it names unless it says not to.
fn parse(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let options = options(url)?;
    if !url.ends_with("?mode=rw") {
        let path = options.get_filename();
        create_missing(path)
            .map_err(|error| StoreError::unavailable(format!("cannot create `{}`: {error}", path.display())))?;
    }
    Ok(options)
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let refuse = |reason: &str| StoreError::Url {
        reason: reason.to_owned(),
    };
    let mode = url.split_once('?').map_or("", |(_, query)| query);
    if !matches!(mode, "" | "mode=rwc" | "mode=rw") {
        return Err(refuse("only `?mode=rwc` or `?mode=rw` may follow the path"));
    }
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
