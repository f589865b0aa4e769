//! Whether anything was written that the one who rotates has not read.

use parchment_core::etag::Snapshot;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    prelude::Uuid,
};

use crate::store::{
    StoreError,
    entities::{blobs, collections, points},
};

/// How many envelopes are read at once: each may be a megabyte.
const BLOBS: u64 = 8;

/// The same for points, of at most 64 KiB.
const POINTS: u64 = 128;

/// Everything that a user keeps now.
pub(super) async fn snapshot(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<Snapshot, StoreError> {
    let mut kept = Snapshot::default();
    let mut after = String::new();
    loop {
        let some: Vec<(String, Vec<u8>)> = blobs::Entity::find()
            .select_only()
            .columns([blobs::Column::BlobType, blobs::Column::Sealed])
            .filter(blobs::Column::UserId.eq(user_id))
            .filter(blobs::Column::BlobType.gt(&after))
            .order_by_asc(blobs::Column::BlobType)
            .limit(BLOBS)
            .into_tuple()
            .all(tx)
            .await?;
        let Some((last, _)) = some.last() else { break };
        after.clone_from(last);
        for (blob_type, sealed) in &some {
            kept.blob(blob_type, sealed);
        }
    }
    let collections: Vec<(Uuid, Option<Vec<u8>>)> = collections::Entity::find()
        .select_only()
        .columns([collections::Column::Id, collections::Column::Sealed])
        .filter(collections::Column::UserId.eq(user_id))
        .into_tuple()
        .all(tx)
        .await?;
    for (id, sealed) in &collections {
        kept.collection(&id.to_string(), sealed.as_deref());
    }
    let mut after = Uuid::nil();
    loop {
        let some: Vec<(Uuid, Uuid, Vec<u8>)> = points::Entity::find()
            .select_only()
            .columns([points::Column::Id, points::Column::CollectionId, points::Column::Sealed])
            .filter(points::Column::UserId.eq(user_id))
            .filter(points::Column::Id.gt(after))
            .order_by_asc(points::Column::Id)
            .limit(POINTS)
            .into_tuple()
            .all(tx)
            .await?;
        let Some((last, ..)) = some.last() else { break };
        after = *last;
        for (id, collection_id, sealed) in &some {
            kept.point(&collection_id.to_string(), &id.to_string(), sealed);
        }
    }
    Ok(kept)
}
