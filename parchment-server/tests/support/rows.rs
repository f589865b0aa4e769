//! Looking at rows, and changing them where a test cannot wait.

use parchment_server::store::StoreError;
use sea_orm::{ConnectionTrait as _, EntityTrait};

use super::{app::TestApp, database};

/// All rows of a table.
pub async fn all<E: EntityTrait>(app: &TestApp) -> Vec<E::Model> {
    E::find().all(app.app().store.reader()).await.unwrap()
}

/// How many rows a table has.
pub async fn count<E: EntityTrait>(app: &TestApp) -> usize {
    all::<E>(app).await.len()
}

/// The bytes of the database as it lies on disk, its log included.
pub fn on_disk(app: &TestApp) -> Vec<u8> {
    if let Some(url) = &app.settings.database_url {
        return database::cluster().unwrap().on_disk(url);
    }
    let files = std::fs::read_dir(app.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let of_database = files.filter(|path| path.to_string_lossy().contains("parchment.db"));
    of_database.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

/// Bytes, given in hexadecimal, as the test's database has them written in a statement.
pub fn bytes(hex: &str) -> String {
    if database::on_postgres() {
        format!("'\\x{hex}'::bytea")
    } else {
        format!("x'{hex}'")
    }
}

/// An id, as the test's database has it written in a statement.
pub fn id(text: &str) -> String {
    if database::on_postgres() {
        format!("'{text}'")
    } else {
        bytes(&text.replace('-', ""))
    }
}

/// A new id, as the test's database makes one in a statement.
pub fn new_id() -> &'static str {
    if database::on_postgres() {
        "gen_random_uuid()"
    } else {
        "randomblob(16)"
    }
}

/// Sixteen new bytes, as the test's database makes them in a statement.
pub fn new_bytes() -> &'static str {
    if database::on_postgres() {
        "uuid_send(gen_random_uuid())"
    } else {
        "randomblob(16)"
    }
}

/// What names a row of any table in the test's database.
pub fn row() -> &'static str {
    if database::on_postgres() { "ctid" } else { "rowid" }
}

/// A statement (or several) after which every insertion of such rows into a table fails.
pub fn failing(table: &str, which: &str) -> String {
    if database::on_postgres() {
        format!(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; \
             CREATE TRIGGER failing BEFORE INSERT ON {table} FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION fail()"
        )
    } else {
        format!("CREATE TRIGGER failing BEFORE INSERT ON {table} WHEN {which} BEGIN SELECT RAISE(ABORT, 'no'); END")
    }
}

/// The statement that ends [`failing`].
pub fn working(table: &str) -> String {
    if database::on_postgres() {
        format!("DROP TRIGGER failing ON {table}")
    } else {
        "DROP TRIGGER failing".to_owned()
    }
}

/// Runs a statement that changes rows: time passing, or another process.
pub async fn change(app: &TestApp, statement: &str) {
    let store = &app.app().store;
    store
        .write(async |tx| tx.execute_unprepared(statement).await.map_err(StoreError::from))
        .await
        .unwrap();
}
