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

/// Bytes, given in hexadecimal, as the test's database has them written in a statement.
pub fn bytes(hex: &str) -> String {
    if database::on_postgres() {
        format!("'\\x{hex}'::bytea")
    } else {
        format!("x'{hex}'")
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
