//! Personal blobs: whatever a user's clients keep for her, sealed.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blobs")]
pub struct Model {
    /// The user this row belongs to and goes with.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// What it is; unique per user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub blob_type: String,
    /// The envelope.
    pub sealed: Vec<u8>,
    /// How many bytes the envelope has, so that adding them up reads no envelopes.
    pub bytes: i32,
    /// What the client gave as nonce beside the envelope.
    pub nonce: String,
    /// The version of the master key that it is sealed under.
    pub km_version: i64,
    /// When there was first a blob of this type, ms since the epoch.
    pub created_at: i64,
    /// When it was last written, ms since the epoch.
    pub updated_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
