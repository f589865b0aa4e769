//! Peers who have yet to be told that a user's old keys are void.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocations")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user this row belongs to and goes with.
    pub user_id: Uuid,
    /// Handle of who is to be told; unique per user.
    pub peer_handle: String,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
    /// Until when one request is telling the peer, ms since the epoch; empty while none is.
    pub claimed_until: Option<i64>,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
