//! Challenges of passkey ceremonies that have begun and not finished.

use sea_orm::entity::prelude::*;

/// What a challenge is good for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Purpose {
    /// Registering a passkey for the user who is signed in.
    #[sea_orm(string_value = "register")]
    Register,
    /// Signing in; who it is shows at the end.
    #[sea_orm(string_value = "sign_in")]
    SignIn,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey_challenges")]
pub struct Model {
    /// 32 random bytes of the server's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub challenge: Vec<u8>,
    /// What it is good for.
    pub purpose: Purpose,
    /// Who registers; nobody yet when signing in.
    pub user_id: Option<Uuid>,
    /// What the verification needs to know of the beginning, as JSON.
    pub state: String,
    /// When it stops working, ms since the epoch.
    pub expires_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
