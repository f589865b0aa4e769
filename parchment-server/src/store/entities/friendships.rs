//! Friends of the users of this server, wherever those friends live.

use sea_orm::entity::prelude::*;

/// How far a friendship has come.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// Both sides have agreed.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// The user has agreed; telling the other side is under way.
    #[sea_orm(string_value = "accepting")]
    Accepting,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "friendships")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user this row belongs to and goes with.
    pub user_id: Uuid,
    /// Handle of the friend; unique per user.
    pub friend_handle: String,
    /// The friend's Ed25519 public key, 32 bytes.
    pub friend_signing_key: Vec<u8>,
    /// The friend's X25519 public key, 32 bytes.
    pub friend_encryption_key: Option<Vec<u8>>,
    /// The friend's name as last heard.
    pub friend_name: Option<String>,
    /// The friend's picture as last heard.
    pub friend_picture: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// When both sides had agreed, ms since the epoch.
    pub established_at: Option<i64>,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
