//! The people this server is home to.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Address as it was typed.
    pub email: String,
    /// Lower-cased address, which is what people are found by.
    #[sea_orm(unique)]
    pub email_key: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Profile picture.
    pub picture: Option<String>,
    /// Alias as it was typed.
    pub alias: Option<String>,
    /// Lower-cased alias.
    #[sea_orm(unique)]
    pub alias_key: Option<String>,
    /// Ed25519 public key, 32 bytes.
    pub signing_key: Option<Vec<u8>>,
    /// X25519 public key, 32 bytes.
    pub encryption_key: Option<Vec<u8>>,
    /// Version of the key material; starts at 1.
    pub km_version: i64,
    /// When the user finished setting up, ms since the epoch.
    pub onboarding_completed_at: Option<i64>,
    /// When the user first signed in, ms since the epoch.
    pub created_at: i64,
    /// When the row last changed, ms since the epoch.
    pub updated_at: i64,
    /// When the account was switched off, ms since the epoch; empty while it is not.
    pub disabled_at: Option<i64>,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
