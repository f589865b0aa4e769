//! The schema's history, one file per step, applied in order.
//!
//! A step that has been released never changes: it spells out tables and
//! columns as they were then and does not use the entities, which move on.

mod m0001_initial;
mod m0002_preferences;
mod m0003_roles;
mod m0005_passkeys;
mod m0006_vault;

use std::collections::BTreeSet;

use sea_orm::{DatabaseConnection, DatabaseTransaction};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use super::StoreError;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0002_preferences::Migration),
            Box::new(m0003_roles::Migration),
            Box::new(m0005_passkeys::Migration),
            Box::new(m0006_vault::Migration),
        ]
    }
}

/// Whether exactly these steps have been applied.
pub(super) async fn are_applied(db: &DatabaseConnection) -> Result<bool, StoreError> {
    let applied = Migrator::get_migration_models(db).await?;
    let applied: BTreeSet<String> = applied.into_iter().map(|record| record.version).collect();
    let known = Migrator::migrations();
    Ok(applied == known.iter().map(|migration| migration.name().to_owned()).collect())
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
