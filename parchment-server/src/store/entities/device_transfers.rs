//! Device transfers under way, and those of the last hour, which are counted; swept after.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_transfers")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user this row belongs to and goes with.
    pub user_id: Uuid,
    /// The new device's one-time key, 32 bytes.
    pub receiver_key: Vec<u8>,
    /// The old device's one-time key, 32 bytes, from the upload until it is fetched.
    pub sender_key: Option<Vec<u8>>,
    /// The envelope with the seed, from the upload until it is fetched.
    pub sealed_seed: Option<Vec<u8>>,
    /// The user's signature, 64 bytes, from the upload until it is fetched.
    pub signature: Option<Vec<u8>>,
    /// When the row was made, ms since the epoch.
    pub created_at: i64,
    /// When the transfer is over, ms since the epoch.
    pub expires_at: i64,
    /// When it was fetched, cancelled or ended otherwise, ms since the epoch.
    pub closed_at: Option<i64>,
}

// Without what is transferred.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceTransfer")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("expires_at", &self.expires_at)
            .field("closed_at", &self.closed_at)
            .finish_non_exhaustive()
    }
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
