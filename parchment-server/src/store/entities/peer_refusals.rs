//! What was refused between this server and others: a row for each failed check, with how often it failed.

use sea_orm::entity::prelude::*;

/// Who refused whom, and whether it is certain who was refused.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Way {
    /// This server refused a request that the other had signed.
    #[sea_orm(string_value = "received")]
    Received,
    /// This server refused a request in the other's name before it was known who sent it: anybody can have.
    #[sea_orm(string_value = "unverified")]
    Unverified,
    /// The other server refused what this one sent, or it could not be sent.
    #[sea_orm(string_value = "sent")]
    Sent,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "peer_refusals")]
pub struct Model {
    /// The other server's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub server_id: String,
    /// Who refused whom.
    #[sea_orm(primary_key, auto_increment = false)]
    pub way: Way,
    /// The failed check: a code of `parchment_core::refusal`, `too_many_requests`, or another server's own word.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The sentence that was said the last time.
    pub detail: String,
    /// How often.
    pub times: i64,
    /// When for the first time, ms since the epoch.
    pub first_at: i64,
    /// When for the last time, ms since the epoch.
    pub last_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
