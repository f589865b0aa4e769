//! Writing a plan, many rows at a time.

use std::collections::HashSet;

use parchment_core::time::UnixMillis;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter as _,
    prelude::{Expr, Uuid},
    sea_query::{ExprTrait as _, OnConflict},
};

use super::plan::Plan;
use crate::{
    auth::{caller::Caller, sessions},
    store::{
        StoreError,
        entities::{blobs, collections, points},
    },
    vault::{blobs::replacing, device_secrets, sealed, slots, transfer},
};

/// Rows of one statement: few enough for what databases take in one.
const ROWS: usize = 500;

/// Writes a plan that was held against what is stored, and ends what the old key was used with.
pub(super) async fn apply(
    tx: &impl ConnectionTrait,
    caller: &Caller,
    plan: Plan,
    next: i64,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let user_id = caller.user.id;
    drop_points(tx, user_id, &plan.dropped.points).await?;
    drop_collections(tx, user_id, &plan.dropped.collections).await?;
    drop_blobs(tx, user_id, &plan.dropped.blobs).await?;

    let blobs = plan.blobs.into_iter().map(|(blob_type, sealed)| blobs::ActiveModel {
        user_id: Set(user_id),
        blob_type: Set(blob_type),
        bytes: Set(sealed::length(&sealed)),
        sealed: Set(sealed),
        nonce: Set(String::new()),
        km_version: Set(next),
        created_at: Set(now.0),
        updated_at: Set(now.0),
    });
    write(tx, blobs, replacing()).await?;

    // The rows are there, as the inventory showed: what an insert alone would need is not written.
    let collections = plan
        .collections
        .into_iter()
        .map(|(id, sealed)| collections::ActiveModel {
            id: Set(id),
            user_id: Set(user_id),
            bytes: Set(sealed::length(&sealed)),
            sealed: Set(Some(sealed)),
            metadata_key_version: Set(1),
            km_version: Set(next),
            created_at: Set(now.0),
            updated_at: Set(now.0),
        });
    let metadata = OnConflict::column(collections::Column::Id)
        .update_columns([collections::Column::Sealed, collections::Column::Bytes])
        .to_owned();
    write(tx, collections, metadata).await?;
    collections::Entity::update_many()
        .col_expr(
            collections::Column::MetadataKeyVersion,
            Expr::col(collections::Column::MetadataKeyVersion).add(1),
        )
        .col_expr(collections::Column::KmVersion, next.into())
        .col_expr(collections::Column::UpdatedAt, now.0.into())
        .filter(collections::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;

    let points = plan.points.into_iter().map(|(id, point)| points::ActiveModel {
        user_id: Set(user_id),
        id: Set(id),
        collection_id: Set(point.collection_id),
        bytes: Set(sealed::length(&point.sealed)),
        sealed: Set(point.sealed),
        km_version: Set(next),
        created_at: Set(now.0),
        updated_at: Set(now.0),
    });
    let data = OnConflict::columns([points::Column::UserId, points::Column::Id])
        .update_columns([
            points::Column::Sealed,
            points::Column::Bytes,
            points::Column::KmVersion,
            points::Column::UpdatedAt,
        ])
        .to_owned();
    write(tx, points, data).await?;

    slots::replace_all(tx, user_id, plan.slots, next, now).await?;
    sessions::end_others(tx, user_id, caller.session.id).await?;
    device_secrets::rotate(tx, user_id).await?;
    transfer::close_all(tx, user_id, now).await
}

/// Writes rows by as few statements as there may be.
async fn write<A>(
    tx: &impl ConnectionTrait,
    rows: impl Iterator<Item = A>,
    replacing: OnConflict,
) -> Result<(), StoreError>
where
    A: ActiveModelTrait,
{
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let some: Vec<A> = rows.by_ref().take(ROWS).collect();
        A::Entity::insert_many(some)
            .on_conflict(replacing.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

async fn drop_blobs(tx: &impl ConnectionTrait, user_id: Uuid, types: &HashSet<String>) -> Result<(), StoreError> {
    let types: Vec<&String> = types.iter().collect();
    for some in types.chunks(ROWS) {
        blobs::Entity::delete_many()
            .filter(blobs::Column::UserId.eq(user_id))
            .filter(blobs::Column::BlobType.is_in(some.iter().map(|blob| blob.as_str())))
            .exec(tx)
            .await?;
    }
    Ok(())
}

async fn drop_collections(tx: &impl ConnectionTrait, user_id: Uuid, ids: &HashSet<Uuid>) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    for some in ids.chunks(ROWS) {
        // With their points.
        collections::Entity::delete_many()
            .filter(collections::Column::UserId.eq(user_id))
            .filter(collections::Column::Id.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

async fn drop_points(tx: &impl ConnectionTrait, user_id: Uuid, ids: &HashSet<Uuid>) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    for some in ids.chunks(ROWS) {
        points::Entity::delete_many()
            .filter(points::Column::UserId.eq(user_id))
            .filter(points::Column::Id.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}
