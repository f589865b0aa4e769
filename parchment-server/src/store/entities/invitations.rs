//! Offers of friendship that nobody has answered yet.

use sea_orm::entity::prelude::*;

/// Which side made the offer.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Direction {
    /// The other side.
    #[sea_orm(string_value = "incoming")]
    Incoming,
    /// The user of this server.
    #[sea_orm(string_value = "outgoing")]
    Outgoing,
}

/// How far an invitation has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// Waiting for an answer.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Being delivered to the other side.
    #[sea_orm(string_value = "sending")]
    Sending,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user of this server, whichever side made the offer.
    pub user_id: Uuid,
    /// Handle of the other side; unique per user and direction.
    pub peer_handle: String,
    /// Which side made the offer.
    pub direction: Direction,
    /// How far it has come.
    pub status: Status,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
