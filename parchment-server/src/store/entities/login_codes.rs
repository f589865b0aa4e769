//! Codes sent by mail and not yet used, at most one per address.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_codes")]
pub struct Model {
    /// Lower-cased address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub email_key: String,
    /// Hash of the code.
    pub code_hash: Vec<u8>,
    /// Wrong tries so far.
    pub tries: i32,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
    /// When the code stops working, ms since the epoch.
    pub expires_at: i64,
}

// A code is short: whoever reads its hash can guess it. So it is not printed.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginCode")
            .field("tries", &self.tries)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
