//! The passkeys that users sign in with.

use sea_orm::entity::prelude::*;

/// One row.
///
/// What is wrapped for a passkey, such as the slot of a master key, refers to its credential id and goes with the row
/// (`ON DELETE CASCADE`).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkeys")]
pub struct Model {
    /// The id that the authenticator chose; no two users have the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub credential_id: Vec<u8>,
    /// Whose it is.
    pub user_id: Uuid,
    /// What she calls it.
    pub name: String,
    /// The public key: a `COSE_Key` (RFC 9052) as the authenticator wrote it.
    pub public_key: Vec<u8>,
    /// The signature counter at the last use; 0 for passkeys that do not count.
    pub counter: i64,
    /// Whether it may be copied to other devices; settled when it is made.
    pub backup_eligible: bool,
    /// Whether it had been, at the last use.
    pub backed_up: bool,
    /// How its authenticator is reached: sorted words with commas between them.
    pub transports: String,
    /// When it was registered, ms since the epoch.
    pub created_at: i64,
    /// When it was last used to sign in, ms since the epoch.
    pub last_used_at: Option<i64>,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
