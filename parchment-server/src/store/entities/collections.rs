//! Collections of points.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collections")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user this row belongs to and goes with.
    pub user_id: Uuid,
    /// The envelope with name and looks, once there is one.
    pub sealed: Option<Vec<u8>>,
    /// How many bytes the envelope has; 0 while there is none.
    pub bytes: i32,
    /// The version of the collection's own key; starts at 1 and grows with each rotation.
    pub metadata_key_version: i64,
    /// The version of the master key that the collection's key is derived from.
    pub km_version: i64,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
    /// When it last changed, ms since the epoch.
    pub updated_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
