//! The schema's history, one file per step, applied in order.
//!
//! A step that has been released never changes: it spells out tables and
//! columns as they were then and does not use the entities, which move on.

mod m0001_initial;
mod m0002_preferences;
mod m0003_roles;
mod m0004_refusals;
mod m0005_passkeys;
mod m0006_vault;
mod m0007_claims;
mod tables;

use sea_orm::{DatabaseConnection, DatabaseTransaction, EntityTrait as _, QuerySelect as _};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager, seaql_migrations};

use super::StoreError;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0002_preferences::Migration),
            Box::new(m0003_roles::Migration),
            Box::new(m0004_refusals::Migration),
            Box::new(m0005_passkeys::Migration),
            Box::new(m0006_vault::Migration),
            Box::new(m0007_claims::Migration),
        ]
    }
}

/// Applies what is missing, all of it or nothing.
///
/// Inside the caller's transaction, whose write lock keeps other processes
/// waiting until the schema is complete.
pub(super) async fn run(transaction: &DatabaseTransaction) -> Result<(), StoreError> {
    let applied = Migrator::get_migration_models(transaction).await?;
    let known = Migrator::migrations();
    let unknown = applied
        .into_iter()
        .map(|record| record.version)
        .find(|version| !known.iter().any(|migration| migration.name() == version));
    if let Some(migration) = unknown {
        return Err(StoreError::NewerSchema { migration });
    }
    Ok(Migrator::up(transaction, None).await?)
}

/// The names of all steps, in order.
pub(super) fn known() -> Vec<String> {
    let all = Migrator::migrations();
    all.iter().map(|migration| migration.name().to_owned()).collect()
}

/// The names of the steps that a database has taken, in order; none for a database that is none of this program's.
pub(super) async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let schema = SchemaManager::new(db);
    if !schema.has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let mut applied: Vec<String> = seaql_migrations::Entity::find()
        .select_only()
        .column(seaql_migrations::Column::Version)
        .into_tuple()
        .all(db)
        .await?;
    applied.sort_unstable();
    Ok(applied)
}
