//! What the seeds in users' browsers are wrapped with, sealed under a key that is not in the database.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_secrets")]
pub struct Model {
    /// The user this row belongs to and goes with.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// What the device calls itself; unique per user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: String,
    /// The envelope with the secret, bound to user and device.
    pub sealed: Vec<u8>,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
