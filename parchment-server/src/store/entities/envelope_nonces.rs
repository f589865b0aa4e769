//! Nonces of user messages, kept while one could be replayed.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "envelope_nonces")]
pub struct Model {
    /// Handle of the user who signed the message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sender: String,
    /// The nonce, decoded.
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: Vec<u8>,
    /// Digest of the message, which tells a retry from a replay.
    pub digest: Vec<u8>,
    /// When it was accepted, ms since the epoch.
    pub received_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
