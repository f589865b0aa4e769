//! The key and name this server is known by: a single row, so that starting with
//! others is noticed.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "server_identity")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// This server's Ed25519 public key, 32 bytes.
    pub public_key: Vec<u8>,
    /// The name the server goes by.
    pub server_id: String,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
