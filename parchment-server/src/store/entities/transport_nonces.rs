//! Nonces of server-to-server requests, kept while one could be replayed.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transport_nonces")]
pub struct Model {
    /// The server that signed the request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub server_id: String,
    /// The nonce, decoded.
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: Vec<u8>,
    /// When it was accepted, ms since the epoch.
    pub received_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
