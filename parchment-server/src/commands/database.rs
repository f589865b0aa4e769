//! The database of a server that may be running, as commands beside it open it.

use super::Failure;
use crate::{
    config::Settings,
    store::{Inspection, StoreError, database_file, known_migrations, unknown_migration},
};

/// Opens it to look at; one that this version would have to upgrade is refused, since the server that runs may be older.
pub(super) async fn look_at(settings: &Settings) -> Result<Inspection, Failure> {
    let url = settings.database_url();
    let database = Inspection::open(&url).await.map_err(Failure::of)?.ok_or_else(|| {
        let path = database_file(&url).unwrap_or_default();
        Failure(format!(
            "there is no database at {}: set PARCHMENT_DATA_DIR (--data-dir) or DATABASE_URL to what the server runs with",
            path.display()
        ))
    })?;
    let applied = database.migrations().await.map_err(Failure::of)?;
    if let Some(migration) = unknown_migration(&applied) {
        return Err(Failure::of(StoreError::NewerSchema {
            migration: migration.clone(),
        }));
    }
    if applied.len() < known_migrations().len() {
        return Err(Failure(
            "the database is not upgraded to this version yet: start the server of this version once".to_owned(),
        ));
    }
    Ok(database)
}
