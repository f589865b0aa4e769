//! Collections: a sealed name, and points.

use parchment_core::{limits, time::UnixMillis};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, prelude::Uuid,
};

use super::{
    sealed,
    still::{self, Writer},
    usage::Usage,
};
use crate::{
    http::problem::Problem,
    random,
    store::{Store, StoreError, entities::collections},
};

/// The version of the key that a new collection is sealed under.
const FIRST_KEY: i64 = 1;

/// A user's collections, oldest first.
pub async fn list(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<collections::Model>, StoreError> {
    let rows = collections::Entity::find()
        .filter(collections::Column::UserId.eq(user_id))
        .order_by_asc(collections::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
}

/// A collection of a user.
///
/// # Errors
///
/// 404 when she has none with this id, whoever else may.
pub async fn get(db: &impl ConnectionTrait, user_id: Uuid, id: Uuid) -> Result<collections::Model, Problem> {
    let found = collections::Entity::find_by_id(id)
        .filter(collections::Column::UserId.eq(user_id))
        .one(db)
        .await?;
    found.ok_or_else(|| Problem::not_found("You have no such collection."))
}

/// Makes a collection of the caller.
///
/// # Errors
///
/// 413 when she keeps too much; 422 when the metadata is no envelope.
pub async fn create(
    store: &Store,
    quota: u64,
    caller: &Writer,
    metadata: Option<&str>,
    now: UnixMillis,
) -> Result<collections::Model, Problem> {
    let sealed = metadata.map(read).transpose()?;
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            let before = Usage::of(tx, caller.user.id).await?;
            let row = collections::ActiveModel {
                id: Set(random::id()),
                user_id: Set(caller.user.id),
                bytes: Set(sealed.as_deref().map_or(0, sealed::length)),
                sealed: Set(sealed),
                metadata_key_version: Set(FIRST_KEY),
                km_version: Set(caller.user.km_version),
                created_at: Set(now.0),
                updated_at: Set(now.0),
            };
            let row = row.insert(tx).await?;
            Usage::of(tx, caller.user.id).await?.allow(before, quota)?;
            Ok(row)
        })
        .await
}

/// Writes the metadata of a collection of the caller; none leaves it.
///
/// # Errors
///
/// As [`create`]; 404 when she has no such collection.
pub async fn change(
    store: &Store,
    quota: u64,
    caller: &Writer,
    id: Uuid,
    metadata: Option<&str>,
    now: UnixMillis,
) -> Result<collections::Model, Problem> {
    let sealed = metadata.map(read).transpose()?;
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            let row = get(tx, caller.user.id, id).await?;
            let Some(sealed) = sealed else { return Ok(row) };
            let before = Usage::of(tx, caller.user.id).await?;
            let mut row = collections::ActiveModel::from(row);
            row.bytes = Set(sealed::length(&sealed));
            row.sealed = Set(Some(sealed));
            row.updated_at = Set(now.0);
            let row = row.update(tx).await?;
            Usage::of(tx, caller.user.id).await?.allow(before, quota)?;
            Ok(row)
        })
        .await
}

/// Deletes a collection of the caller, with its points.
///
/// # Errors
///
/// 404 when she has no such collection.
pub async fn delete(store: &Store, caller: &Writer, id: Uuid) -> Result<(), Problem> {
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            let row = get(tx, caller.user.id, id).await?;
            collections::Entity::delete_by_id(row.id).exec(tx).await?;
            Ok(())
        })
        .await
}

fn read(text: &str) -> Result<Vec<u8>, Problem> {
    sealed::read(text, limits::POINT_BYTES, "metadataEncrypted")
}
