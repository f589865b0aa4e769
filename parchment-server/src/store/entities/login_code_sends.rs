//! When codes were sent, for limits on sending; swept once out of the window.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_code_sends")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Lower-cased address it went to.
    pub email_key: String,
    /// Who asked for it: a network address, possibly shortened.
    pub client: String,
    /// When, ms since the epoch.
    pub sent_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
