//! Everything only PostgreSQL understands.
//!
//! Several processes write at once, each over several connections. What keeps their decisions right is the isolation
//! level: every write is `SERIALIZABLE`, so whatever it reads, decides and writes counts as if it had been alone. A
//! transaction for which that cannot be kept up fails with `40001` (or `40P01`, a deadlock) and is run again from the
//! start; so the work is a closure that can be cloned. The alternatives were one lock for all writers,
//! which would be SQLite again with a network in between, and locks chosen by each rule, of which one forgotten lock
//! is a hole that no test shows until two requests meet.
//!
//! Work that lost is run again with the process to itself ([`Turns`]): then at most one transaction for each process
//! contends for the same rows, and somebody always wins.
//!
//! A unique key that is taken is tried again once as well: the check before the insertion may have been made in a
//! snapshot without the other's row.

use std::{
    collections::BTreeMap,
    str::FromStr as _,
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, FromQueryResult, RuntimeErr, SqlxPostgresConnector,
    Statement,
    sqlx::{
        self, Connection as _, PgPool,
        error::DatabaseError,
        postgres::{PgConnectOptions, PgDatabaseError, PgPoolOptions},
    },
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    StoreError,
    pools::Pools,
    transaction::{Failure, Task},
};

/// How many transactions of this process write at once, and how many queries run beside them.
const WRITERS: u32 = 8;
const READERS: u32 = 8;

/// How long to wait for a connection or a turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be idle before it is asked whether it still is one.
const IDLE_UNASKED: Duration = Duration::from_secs(1);
/// How long a write may take, with its commit; a network that swallows everything must not hold requests for ever.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a write is run again after it was overtaken, and how often at most.
const RETRY_FOR: Duration = Duration::from_secs(10);
const MAX_TRIES: u32 = 60;
/// How often a write is tried over another connection; after a restart of the server each of the old ones is dead.
const MAX_BROKEN: u32 = WRITERS + 2;

/// What every connection asks of the server: limits for statements and for transactions whose process is gone.
const SESSION: [(&str, &str); 9] = [
    ("statement_timeout", "25s"),
    ("lock_timeout", "9s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    // Rolling back what the server has rolled back already is worth no notice.
    ("client_min_messages", "error"),
    ("jit", "off"),
    ("timezone", "UTC"),
];

/// Opens the database that `url` names.
pub(super) async fn connect(url: &str) -> Result<Pools, StoreError> {
    let options = options(url)?.options(SESSION);
    let reader = options.clone().options([("default_transaction_read_only", "on")]);
    let reader = open(READERS, reader).await?;
    check_server(&reader).await?;

    let mut writer = options.options([
        ("default_transaction_isolation", "serializable"),
        // What is read by an index locks what was read; what is read from end to end locks the whole table against
        // everybody else's insertions, and small tables would always be read so.
        ("enable_seqscan", "off"),
    ]);
    if setting(&reader, "synchronous_commit").await? == "off" {
        tracing::warn!(
            "the database server answers before a commit is on disk (synchronous_commit); not for this program"
        );
        writer = writer.options([("synchronous_commit", "on")]);
    }
    let writer = open(WRITERS, writer).await?;
    // Everything rests on this.
    if setting(&writer, "transaction_isolation").await? != "serializable" {
        return Err(StoreError::Url {
            reason:
                "something between this program and the database drops the options of connections: connect without \
                     a pooler, or have it keep them"
                    .to_owned(),
        });
    }
    Ok(Pools {
        watch: None,
        reader: SqlxPostgresConnector::from_sqlx_postgres_pool(reader),
        writer: SqlxPostgresConnector::from_sqlx_postgres_pool(writer),
        turns: Some(Turns(Semaphore::new(WRITERS as usize))),
    })
}

/// Opens the database that `url` names for looking at it, as it is; all queries see it as of one moment once the first
/// `BEGIN` is said.
pub(super) async fn look_at(url: &str) -> Result<DatabaseConnection, StoreError> {
    let options = options(url)?.options(SESSION).options([
        ("default_transaction_read_only", "on"),
        ("default_transaction_isolation", "repeatable read"),
    ]);
    let pool = open(1, options).await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn open(size: u32, options: PgConnectOptions) -> Result<PgPool, StoreError> {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(TURN_TIMEOUT)
        // The server may have gone and come back; a connection that was just used is not asked.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > IDLE_UNASKED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(|error| StoreError::from(&error))
}

/// Refuses a server on which this program's promises would not hold.
async fn check_server(pool: &PgPool) -> Result<(), StoreError> {
    let encoding = setting(pool, "server_encoding").await?;
    if encoding != "UTF8" {
        return Err(StoreError::Url {
            reason: format!(
                "its encoding is {encoding}; make the database anew with ENCODING 'UTF8' (and TEMPLATE template0)"
            ),
        });
    }
    if setting(pool, "fsync").await? == "off" {
        tracing::warn!(
            "the database server does not wait for its disk (fsync=off): a power failure can lose everything"
        );
    }
    Ok(())
}

async fn setting(pool: &PgPool, name: &str) -> Result<String, StoreError> {
    sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(pool)
        .await
        .map_err(|error| StoreError::from(&error))
}

/// What may follow the name of the database in a URL.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Whether a URL can be read.
pub(super) fn check_url(url: &str) -> Result<(), StoreError> {
    options(url).map(drop)
}

fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let refuse = |reason: String| StoreError::Url { reason };
    // The parser's own words could repeat a password.
    let unreadable = |_| refuse("expected is postgres://user:password@host:port/database, percent-encoded".to_owned());
    let parsed = url::Url::parse(url).map_err(|_| unreadable(()))?;
    if let Some((name, _)) = parsed
        .query_pairs()
        .find(|(name, _)| !PARAMETERS.contains(&name.as_ref()))
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    {
        return Err(refuse(format!(
            "`{name}` is not known; after the database may follow {}",
            PARAMETERS.join(", ")
        )));
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| unreadable(()))?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(refuse("it names no database".to_owned()));
    }
    let mut options = sqlx::ConnectOptions::disable_statement_logging(options);
    if options.get_application_name().is_none() {
        options = options.application_name("parchment-server");
    }
    Ok(options)
}

/// Who of this process may write now.
#[derive(Debug)]
pub(super) struct Turns(Semaphore);

impl Turns {
    /// A turn beside others at first, and alone in this process for work that was overtaken; in the order of coming.
    pub(super) async fn take(&self, alone: bool) -> Result<SemaphorePermit<'_>, StoreError> {
        let turn = self.0.acquire_many(if alone { WRITERS } else { 1 });
        match tokio::time::timeout(TURN_TIMEOUT, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(StoreError::unavailable("it has been closed")),
            Err(_) => Err(StoreError::unavailable("no turn to write came in time")),
        }
    }
}

/// How often work is run again.
pub(super) struct Patience {
    since: Instant,
    overtaken: u32,
    taken: bool,
    broken: u32,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            overtaken: 0,
            taken: false,
            broken: 0,
        }
    }

    /// Whether work was overtaken before, and should run with as few others as can be.
    pub(super) fn wants_to_be_alone(&self) -> bool {
        self.overtaken > 0 || self.taken
    }

    /// Whether work that failed so should run again; waits a little, for others to be done.
    pub(super) async fn try_again(&mut self, failure: &Failure) -> bool {
        let (again, longest) = match failure {
            Failure::Overtaken => {
                self.overtaken += 1;
                let again = self.overtaken < MAX_TRIES && self.since.elapsed() < RETRY_FOR;
                (again, 1 << self.overtaken.min(6))
            }
            Failure::Taken => (!std::mem::replace(&mut self.taken, true), 2),
            Failure::Broken => {
                self.broken += 1;
                (self.broken < MAX_BROKEN, 50)
            }
            Failure::Other(_) => (false, 0),
        };
        if again {
            // Two that keep meeting must not wait equally long.
            let jitter = u32::from_be_bytes(crate::random::bytes()) % (longest * 1000);
            tokio::time::sleep(Duration::from_micros(jitter.into())).await;
        }
        again
    }
}

/// Sorts what a statement in a transaction failed with.
pub(super) fn failure(error: &DbErr) -> Failure {
    match sqlx_error(error) {
        Some(sqlx::Error::Database(error)) => match error.code().as_deref() {
            Some("40001" | "40P01") => Failure::Overtaken,
            Some("23505") => Failure::Taken,
            Some(code) if is_gone(code) => Failure::Broken,
            _ => Failure::Other(explain_any(&**error)),
        },
        Some(sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_)) => Failure::Broken,
        Some(error) => Failure::Other(StoreError::from(error)),
        None => Failure::Other(StoreError::internal(
            "a statement failed, and its caller passed over it",
        )),
    }
}

fn explain_any(error: &dyn DatabaseError) -> StoreError {
    explain(error).unwrap_or_else(|| StoreError::internal("a statement failed"))
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// The connection ends: shutdown, crash, start-up, or a failure of the connection itself.
fn is_gone(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03")
}

/// Sorts an error by its code; `None` if it is not from PostgreSQL.
///
/// PostgreSQL's own messages quote values, so none is repeated.
pub(super) fn explain(error: &dyn DatabaseError) -> Option<StoreError> {
    let error = error.try_downcast_ref::<PgDatabaseError>()?;
    let code = error.code();
    let unavailable = |what: &str| StoreError::unavailable(format!("{what} ({code})"));
    Some(match code {
        "40001" | "40P01" => unavailable("others kept changing the same rows"),
        "55P03" => unavailable("a row stayed locked for too long"),
        "57014" => unavailable("a statement took too long"),
        "25006" => unavailable("the server only reads: it is a standby, or was set so"),
        "53100" => unavailable("the server's disk is full"),
        "53300" => unavailable("the server has no connection free; raise its max_connections"),
        "28000" | "28P01" => unavailable("the server refuses this user or password"),
        "3D000" => unavailable("the server has no such database; make it with createdb"),
        "42501" => unavailable("the user may not do this in the database; make it the database's owner"),
        "42P01" => unavailable("a table is missing"),
        "XX001" | "XX002" => StoreError::corrupt(format!("the server found damage ({code})")),
        _ if is_gone(code) => unavailable("the server is going away or coming up"),
        _ if code.starts_with("53") || code.starts_with("58") => unavailable("the server lacks what it needs"),
        // What cannot be text: PostgreSQL stores no U+0000.
        "22021" => StoreError::internal(format!("a text has U+0000, which PostgreSQL does not store ({code})")),
        _ => StoreError::internal(format!("error code {code}")),
    })
}

/// Takes an advisory lock until the transaction ends, however long it idles, unless another has it.
pub(super) async fn try_lock(db: &impl ConnectionTrait, number: i64) -> Result<bool, StoreError> {
    db.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0")
        .await?;
    let statement = Statement::from_sql_and_values(
        DatabaseBackend::Postgres,
        "SELECT pg_try_advisory_xact_lock($1)",
        [number.into()],
    );
    let row = db.query_one_raw(statement).await?;
    Ok(match row {
        Some(row) => row.try_get_by_index(0)?,
        None => false,
    })
}

/// Takes the lock of those who change the schema until the transaction ends, and waits for it.
///
/// To be the first statement of a transaction whose later ones see what others have committed meanwhile.
pub(super) async fn lock_schema(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    db.execute_unprepared("SET LOCAL lock_timeout = '120s'; SET LOCAL statement_timeout = 0")
        .await?;
    let statement = Statement::from_sql_and_values(
        DatabaseBackend::Postgres,
        "SELECT pg_advisory_xact_lock($1)",
        [Task::Migrate.number().into()],
    );
    db.query_one_raw(statement).await?;
    Ok(())
}

/// Has all text compared by its bytes, as SQLite does, whatever the database's own collation is.
pub(super) async fn compare_text_bytewise(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct TextColumn {
        table_name: String,
        column_name: String,
    }
    let columns = TextColumn::find_by_statement(Statement::from_string(
        DatabaseBackend::Postgres,
        "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns AS c \
         WHERE c.table_schema = current_schema() AND c.table_name <> 'seaql_migrations' AND c.data_type = 'text' \
         AND c.collation_name IS DISTINCT FROM 'C'",
    ));
    for TextColumn {
        table_name,
        column_name,
    } in columns.all(db).await?
    {
        db.execute_unprepared(&format!(
            "ALTER TABLE \"{table_name}\" ALTER COLUMN \"{column_name}\" TYPE text COLLATE \"C\""
        ))
        .await?;
    }
    Ok(())
}

/// How many rows each table has.
pub(super) async fn row_counts(db: &impl ConnectionTrait) -> Result<BTreeMap<String, u64>, StoreError> {
    let statement = |text: &str| Statement::from_string(DatabaseBackend::Postgres, text);
    let tables = statement("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()");
    let mut counts = BTreeMap::new();
    for row in db.query_all_raw(tables).await? {
        let table: String = row.try_get_by_index(0)?;
        let quoted = table.replace('"', "\"\"");
        let count = db
            .query_one_raw(statement(&format!("SELECT count(*) FROM \"{quoted}\"")))
            .await?;
        let count: i64 = count.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        counts.insert(table, count.unsigned_abs());
    }
    Ok(counts)
}

/// How many other clients are connected to the same database.
pub(super) async fn others(db: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let statement = Statement::from_string(
        DatabaseBackend::Postgres,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND backend_type = 'client backend'",
    );
    let row = db.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

/// Keeps everybody else from tables until the transaction ends, however long it takes.
pub(super) async fn lock_alone(db: &impl ConnectionTrait, tables: &[String]) -> Result<(), StoreError> {
    let tables = tables.join(", ");
    db.execute_unprepared(&format!(
        "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
         LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"
    ))
    .await?;
    Ok(())
}
