//! Servers that were met, and the key each is known by.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "peers")]
pub struct Model {
    /// The server's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub server_id: String,
    /// The pinned Ed25519 public key, 32 bytes.
    pub public_key: Vec<u8>,
    /// When it was pinned, ms since the epoch.
    pub pinned_at: i64,
    /// The other key the server was last seen with, 32 bytes.
    pub mismatched_key: Option<Vec<u8>>,
    /// When that was, ms since the epoch.
    pub mismatched_at: Option<i64>,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
