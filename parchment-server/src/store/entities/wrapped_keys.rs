//! Recovery slots: the master seed, wrapped for a passkey.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wrapped_keys")]
pub struct Model {
    /// The passkey that the slot is wrapped for and goes with.
    #[sea_orm(primary_key, auto_increment = false)]
    pub credential_id: Vec<u8>,
    /// The user this row belongs to and goes with.
    pub user_id: Uuid,
    /// The envelope with the seed.
    pub wrapped_km: Vec<u8>,
    /// How it is wrapped.
    pub wrap_algo: String,
    /// The owner's signature, 64 bytes.
    pub slot_signature: Vec<u8>,
    /// The version of the master key that is wrapped.
    pub km_version: i64,
    /// When there was first a slot for the passkey, ms since the epoch.
    pub created_at: i64,
    /// When the client last said that it had used it, ms since the epoch.
    pub last_used_at: Option<i64>,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
