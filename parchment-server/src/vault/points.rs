//! Points: the sealed records of a collection.

use parchment_core::{limits, time::UnixMillis};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, prelude::Uuid,
};

use super::{
    collections, sealed,
    still::{self, Writer},
    usage::Usage,
};
use crate::{
    http::problem::Problem,
    random,
    store::{Store, entities::points},
};

/// The points of a collection of a user, oldest first.
///
/// # Errors
///
/// 404 when she has no such collection.
pub async fn list(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    collection_id: Uuid,
) -> Result<Vec<points::Model>, Problem> {
    collections::get(db, user_id, collection_id).await?;
    let rows = points::Entity::find()
        .filter(points::Column::CollectionId.eq(collection_id))
        .filter(points::Column::UserId.eq(user_id))
        .order_by_asc(points::Column::CreatedAt)
        .order_by_asc(points::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
}

/// The id that a client chose for a point.
///
/// The envelope is bound to the id as the client spelled it, so there is one spelling.
///
/// # Errors
///
/// 422 `invalid_body`.
pub fn read_id(text: &str) -> Result<Uuid, Problem> {
    let id = text.parse::<Uuid>().ok().filter(|id| id.to_string() == text);
    id.ok_or_else(|| Problem::invalid_body("id: a UUID in lower case with hyphens is expected"))
}

/// Adds a point to a collection of the caller, under the id that she chose or a new one.
///
/// # Errors
///
/// 404 when she has no such collection; 409 `point_exists` when she has a point with this id; 413 when it or all she
/// keeps is too much; 422 when it is no envelope.
pub async fn create(
    store: &Store,
    quota: u64,
    caller: &Writer,
    collection_id: Uuid,
    id: Option<Uuid>,
    data: &str,
    now: UnixMillis,
) -> Result<points::Model, Problem> {
    let sealed = read(data)?;
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            collections::get(tx, caller.user.id, collection_id).await?;
            let id = id.unwrap_or_else(random::id);
            if points::Entity::find_by_id((caller.user.id, id))
                .one(tx)
                .await?
                .is_some()
            {
                return Err(Problem::conflict(
                    "point_exists",
                    "You have a point with this id already.",
                ));
            }
            let before = Usage::of(tx, caller.user.id).await?;
            let row = points::ActiveModel {
                user_id: Set(caller.user.id),
                id: Set(id),
                collection_id: Set(collection_id),
                bytes: Set(sealed::length(&sealed)),
                sealed: Set(sealed),
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

/// Writes a point of the caller anew.
///
/// # Errors
///
/// 404 when she has no such point in this collection; 413 and 422 as [`create`].
pub async fn change(
    store: &Store,
    quota: u64,
    caller: &Writer,
    collection_id: Uuid,
    id: Uuid,
    data: &str,
    now: UnixMillis,
) -> Result<points::Model, Problem> {
    let sealed = read(data)?;
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            let row = get(tx, caller.user.id, collection_id, id).await?;
            let before = Usage::of(tx, caller.user.id).await?;
            let mut row = points::ActiveModel::from(row);
            row.bytes = Set(sealed::length(&sealed));
            row.sealed = Set(sealed);
            row.updated_at = Set(now.0);
            let row = row.update(tx).await?;
            Usage::of(tx, caller.user.id).await?.allow(before, quota)?;
            Ok(row)
        })
        .await
}

/// Deletes a point of the caller.
///
/// # Errors
///
/// 404 when she has no such point in this collection.
pub async fn delete(store: &Store, caller: &Writer, collection_id: Uuid, id: Uuid) -> Result<(), Problem> {
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            get(tx, caller.user.id, collection_id, id).await?;
            points::Entity::delete_by_id((caller.user.id, id)).exec(tx).await?;
            Ok(())
        })
        .await
}

async fn get(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    collection_id: Uuid,
    id: Uuid,
) -> Result<points::Model, Problem> {
    let found = points::Entity::find_by_id((user_id, id))
        .filter(points::Column::CollectionId.eq(collection_id))
        .one(tx)
        .await?;
    found.ok_or_else(|| Problem::not_found("You have no such point."))
}

fn read(text: &str) -> Result<Vec<u8>, Problem> {
    sealed::read(text, limits::POINT_BYTES, "encryptedData")
}
