//! Moving all rows from one database to another, of whichever kind the two are.
//!
//! Rows are read and written a page at a time, in the order of their keys, so memory is bounded whatever there is. Both
//! sides are one transaction each: the source is seen as of one moment, and the target gets all or nothing. Before the
//! target commits, every row is read back from it, and each table's count and hash must be those of the source.

use std::{collections::BTreeSet, path::Path};

use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    EntityName, EntityTrait, IntoActiveModel, IsolationLevel, Iterable as _, ModelTrait as _, PrimaryKeyToColumn as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, TransactionOptions, TransactionTrait as _, Value,
    sea_query::{Expr, ExprTrait as _},
};
use sha2::{Digest as _, Sha256};

use super::{
    Inspection, Store, StoreError,
    connection::{Kind, kind},
    entities::*,
    migrations, postgres, sqlite, unknown_migration,
};

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over all of them, in the order of their keys.
    pub hash: [u8; 32],
}

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// There is no database to move.
    #[error("there is no database to move: no server has run with these settings")]
    NoSource,
    /// A server uses the source.
    #[error(
        "the database to be moved is in use: stop every server (and other program) that has it open, since what they \
         write meanwhile would be lost"
    )]
    InUse,
    /// The two are one.
    #[error("the database is there already: the target is the source")]
    Same,
    /// The source is of another version.
    #[error("the database to be moved is not of this version: start the server of this version on it once")]
    OtherVersion,
    /// The target holds something.
    #[error("the target is not empty: `{0}` has rows. Nothing is overwritten; name a database without any")]
    NotEmpty(String),
    /// The source has a table that is not moved here.
    #[error("the database has a table that this program does not know: `{0}`")]
    UnknownTable(String),
    /// What was written is not what was read.
    #[error("`{0}` reads differently from the target: nothing was moved")]
    Differs(String),
    /// One of the databases failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sea_orm::DbErr> for MoveError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// How many rows are read and written at once, and how many where one can be a mebibyte long.
const ROWS: u64 = 500;
const LONG_ROWS: u64 = 16;

/// Runs something for each table, those that others refer to first.
macro_rules! each_table {
    ($table:ident, $rows:ident => $do:expr) => {{
        each_table!(@ $table, $rows => $do;
            users ROWS, roles ROWS, peers ROWS, server_identity ROWS, alias_reservations ROWS, user_roles ROWS,
            role_permissions ROWS, preferences ROWS, login_codes ROWS, login_code_sends ROWS, sessions ROWS,
            passkeys ROWS, passkey_challenges ROWS, friendships ROWS, invitations ROWS, revocations ROWS,
            blobs LONG_ROWS, collections LONG_ROWS, points LONG_ROWS, wrapped_keys ROWS, device_secrets ROWS,
            device_transfers ROWS, transport_nonces ROWS, envelope_nonces ROWS, peer_refusals ROWS);
    }};
    (@ $table:ident, $rows:ident => $do:expr; $($name:ident $count:ident),*) => {
        $({
            use $name as $table;
            let $rows = $count;
            $do
        })*
    };
}

/// Moves everything from the database at `source` to the one at `target`, which is made when it is a missing file.
///
/// `tell` hears of each table that is done.
///
/// # Errors
///
/// [`MoveError`]; the target is then as empty as it was.
pub async fn move_all(source: &str, target: &str, tell: impl FnMut(&Moved)) -> Result<Vec<Moved>, MoveError> {
    if source == target {
        return Err(MoveError::Same);
    }
    let Some(found) = Inspection::open(source).await? else {
        return Err(MoveError::NoSource);
    };
    let checked = check_source(&found).await;
    found.close().await;
    checked?;
    // Nobody else has it from here on.
    let alone = match kind(source)? {
        Kind::Sqlite => sqlite::open_alone(source).await,
        Kind::Postgres => postgres::look_at(source).await.map(Some),
    };
    let alone = alone?.ok_or(MoveError::InUse)?;
    let from = alone.begin().await?;
    let moved = async {
        if from.get_database_backend() == DatabaseBackend::Postgres && postgres::others(&from).await? > 0 {
            return Err(MoveError::InUse);
        }
        let store = Store::open(target).await?;
        let moved = copy(&from, &store, tell).await;
        store.close().await;
        moved
    }
    .await;
    let _ = from.rollback().await;
    let _ = alone.close().await;
    moved
}

async fn check_source(source: &Inspection) -> Result<(), MoveError> {
    let applied = source.migrations().await?;
    if let Some(migration) = unknown_migration(&applied) {
        return Err(MoveError::Store(StoreError::NewerSchema {
            migration: migration.clone(),
        }));
    }
    if applied.is_empty() {
        return Err(MoveError::NoSource);
    }
    if applied != migrations::known() {
        return Err(MoveError::OtherVersion);
    }
    let known = tables();
    let unknown = source
        .row_counts()
        .await?
        .into_keys()
        .find(|table| !known.contains(table));
    unknown.map_or(Ok(()), |table| Err(MoveError::UnknownTable(table)))
}

/// The names of all tables that are moved, and of the one that tells the schema's history.
fn tables() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = BTreeSet::from(["seaql_migrations".to_owned()]);
    each_table!(table, _rows => {
        names.insert(table::Entity.table_name().to_owned());
    });
    names
}

/// Copies what a read transaction sees into a database without rows.
pub(super) async fn copy(
    from: &DatabaseTransaction,
    target: &Store,
    mut tell: impl FnMut(&Moved),
) -> Result<Vec<Moved>, MoveError> {
    let backend = target.reader().get_database_backend();
    let options = match backend {
        DatabaseBackend::Postgres => TransactionOptions {
            isolation_level: Some(IsolationLevel::ReadCommitted),
            ..TransactionOptions::default()
        },
        _ => sqlite::write_transaction(),
    };
    let to = target.writer().begin_with_options(options).await?;
    if backend == DatabaseBackend::Postgres {
        let names: Vec<String> = tables().into_iter().map(|name| format!("\"{name}\"")).collect();
        postgres::lock_alone(&to, &names).await?;
    }
    each_table!(table, _rows => {
        if table::Entity::find().one(&to).await?.is_some() {
            return Err(MoveError::NotEmpty(table::Entity.table_name().to_owned()));
        }
    });
    let mut moved = Vec::new();
    each_table!(table, rows => {
        let table = copy_table::<table::Entity>(from, &to, rows).await?;
        tell(&table);
        moved.push(table);
    });
    to.commit().await?;
    Ok(moved)
}

/// Copies what a database that is looked at has, as of one moment, into a new file of SQLite.
pub(super) async fn snapshot(from: &DatabaseConnection, file: &Path) -> Result<(), StoreError> {
    let applied = migrations::applied(from).await?;
    if let Some(migration) = unknown_migration(&applied) {
        let migration = migration.clone();
        return Err(StoreError::NewerSchema { migration });
    }
    if applied != migrations::known() {
        return Err(StoreError::unavailable(
            "it is not upgraded to this version yet: start the server of this version once",
        ));
    }
    let from = from.begin().await?;
    // Beside the copy, since it begins with a log of its own.
    let work = file.with_extension("part");
    let url = sqlite::url_of(&work);
    let store = Store::open(&url).await?;
    let copied = copy(&from, &store, |_| {}).await;
    store.close().await;
    from.rollback().await?;
    copied.map_err(|error| match error {
        MoveError::Store(error) => error,
        other => StoreError::internal(other.to_string()),
    })?;
    let made = sqlite::look_at(&url).await?;
    sqlite::copy(&made, file).await?;
    made.close().await?;
    std::fs::remove_file(&work).map_err(|error| StoreError::unavailable(error.kind().to_string()))
}

async fn copy_table<E>(from: &DatabaseTransaction, to: &DatabaseTransaction, rows: u64) -> Result<Moved, MoveError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let name = E::default().table_name().to_owned();
    let mut read = Summary::default();
    let mut after = None;
    loop {
        let page = page::<E>(from, after.as_ref(), rows).await?;
        let Some(last) = page.last() else { break };
        after = Some(key_of::<E>(last));
        for row in &page {
            read.add::<E>(row)?;
        }
        let full = page.len() as u64 == rows;
        let page = page.into_iter().map(IntoActiveModel::into_active_model);
        E::insert_many(page).exec_without_returning(to).await?;
        if !full {
            break;
        }
    }
    let mut written = Summary::default();
    let mut after = None;
    loop {
        let page = page::<E>(to, after.as_ref(), rows).await?;
        for row in &page {
            written.add::<E>(row)?;
        }
        match page.last() {
            Some(last) if page.len() as u64 == rows => after = Some(key_of::<E>(last)),
            _ => break,
        }
    }
    let (read, written) = (read.finish(), written.finish());
    if read != written {
        return Err(MoveError::Differs(name));
    }
    Ok(Moved {
        table: name,
        rows: read.0,
        hash: read.1,
    })
}

/// The rows that come next after a key.
async fn page<E: EntityTrait>(
    db: &impl ConnectionTrait,
    after: Option<&Vec<Value>>,
    rows: u64,
) -> Result<Vec<E::Model>, StoreError> {
    let keys = || E::PrimaryKey::iter().map(|key| key.into_column());
    let mut query = E::find();
    if let Some(after) = after {
        let columns = keys().map(|column| Expr::col(column.as_column_ref()));
        let values = after.iter().map(|value| Expr::val(value.clone()));
        query = query.filter(Expr::tuple(columns).gt(Expr::tuple(values)));
    }
    for key in keys() {
        query = query.order_by_asc(key);
    }
    Ok(query.limit(rows).all(db).await?)
}

fn key_of<E: EntityTrait>(row: &E::Model) -> Vec<Value> {
    E::PrimaryKey::iter().map(|key| row.get(key.into_column())).collect()
}

/// Count and hash of rows.
#[derive(Default)]
struct Summary {
    rows: u64,
    hash: Sha256,
}

impl Summary {
    fn add<E: EntityTrait>(&mut self, row: &E::Model) -> Result<(), StoreError> {
        self.rows += 1;
        for column in E::Column::iter() {
            self.value(row.get(column))?;
        }
        Ok(())
    }

    /// Each value with its kind and length, so that no two lists of values look alike.
    fn value(&mut self, value: Value) -> Result<(), StoreError> {
        let (kind, bytes): (u8, Option<Vec<u8>>) = match value {
            Value::Bool(value) => (1, value.map(|value| vec![value.into()])),
            Value::Int(value) => (2, value.map(|value| value.to_be_bytes().to_vec())),
            Value::BigInt(value) => (3, value.map(|value| value.to_be_bytes().to_vec())),
            Value::String(value) => (4, value.map(String::into_bytes)),
            Value::Bytes(value) => (5, value),
            Value::Uuid(value) => (6, value.map(|value| value.as_bytes().to_vec())),
            _ => return Err(StoreError::internal("a column of a kind that is not moved")),
        };
        self.hash.update([kind, bytes.is_some().into()]);
        let bytes = bytes.unwrap_or_default();
        self.hash.update((bytes.len() as u64).to_be_bytes());
        self.hash.update(&bytes);
        Ok(())
    }

    fn finish(self) -> (u64, [u8; 32]) {
        (self.rows, self.hash.finalize().into())
    }
}
