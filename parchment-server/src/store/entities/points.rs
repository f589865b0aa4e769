//! Points of collections, sealed.

use sea_orm::entity::prelude::*;

/// One row.
///
/// The client may choose the id, so it is unique among the points of one user and says nothing about those of others.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "points")]
pub struct Model {
    /// The user this row belongs to and goes with.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// A UUID; unique per user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The collection that the point is in and goes with; one of the same user.
    pub collection_id: Uuid,
    /// The envelope.
    pub sealed: Vec<u8>,
    /// How many bytes the envelope has.
    pub bytes: i32,
    /// The version of the master key that the collection's key is derived from.
    pub km_version: i64,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
    /// When it was last written, ms since the epoch.
    pub updated_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
