//! What goes with a lost identity.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, prelude::Uuid};

use super::{device_secrets, slots, transfer};
use crate::store::{
    StoreError,
    entities::{blobs, collections},
};
use parchment_core::time::UnixMillis;

/// Deletes everything that only a user's lost keys could open, as part of a reset.
///
/// The removal of a user needs no such list: every row of hers goes with hers.
pub async fn erase(tx: &impl ConnectionTrait, user_id: Uuid, now: UnixMillis) -> Result<(), StoreError> {
    slots::delete_all(tx, user_id).await?;
    device_secrets::rotate(tx, user_id).await?;
    transfer::close_all(tx, user_id, now).await?;
    blobs::Entity::delete_many()
        .filter(blobs::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    // With their points.
    collections::Entity::delete_many()
        .filter(collections::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    Ok(())
}
