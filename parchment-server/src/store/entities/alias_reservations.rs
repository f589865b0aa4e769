//! Aliases that have ever been used, each reserved to its user for good.
//!
//! A handle given up must not become somebody else's: friends elsewhere still
//! know it.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alias_reservations")]
pub struct Model {
    /// Lower-cased alias.
    #[sea_orm(primary_key, auto_increment = false)]
    pub alias_key: String,
    /// Alias as it was typed.
    pub alias: String,
    /// Who may use it; nobody any more when she is gone.
    pub user_id: Option<Uuid>,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
