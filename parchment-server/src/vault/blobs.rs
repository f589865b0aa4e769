//! Personal blobs: one envelope for each type.

use parchment_core::{api::blobs::BlobRequest, etag::EntityTag, limits, time::UnixMillis};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, prelude::Uuid, sea_query::OnConflict,
};

use super::{
    sealed,
    still::{self, Writer},
    usage::Usage,
};
use crate::{
    http::{condition::Condition, problem::Problem},
    store::{Store, StoreError, entities::blobs},
};

/// Refuses what is not the type of a blob: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
///
/// # Errors
///
/// 400 `invalid_blob_type`.
pub fn check_type(text: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(());
    }
    let message = "The type of a blob is 1 to 64 letters, digits, dots, underscores, colons and hyphens.";
    Err(Problem::bad_request("invalid_blob_type", message))
}

/// Types and versions of a user's blobs, by type.
pub async fn list(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = blobs::Entity::find()
        .select_only()
        .columns([blobs::Column::BlobType, blobs::Column::KmVersion])
        .filter(blobs::Column::UserId.eq(user_id))
        .order_by_asc(blobs::Column::BlobType)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows)
}

/// One blob of a user.
pub async fn get(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    blob_type: &str,
) -> Result<Option<blobs::Model>, StoreError> {
    Ok(blobs::Entity::find_by_id((user_id, blob_type.to_owned()))
        .one(db)
        .await?)
}

/// Writes a blob of the caller; one of the same type is replaced.
///
/// # Errors
///
/// 409 `stale_km_version` when it is sealed under another version than the present one; 412 when the condition does not
/// hold of the blob that is there; 413 when it or all she keeps is
/// too much; 422 when it is no envelope.
pub async fn put(
    store: &Store,
    quota: u64,
    caller: &Writer,
    blob_type: &str,
    request: BlobRequest,
    condition: &Condition,
    now: UnixMillis,
) -> Result<(), Problem> {
    let km_version = caller.user.km_version;
    if request.km_version.is_some_and(|version| version != km_version) {
        return Err(still::stale());
    }
    let sealed = sealed::read(&request.encrypted_blob, limits::BLOB_BYTES, "encryptedBlob")?;
    let row = blobs::ActiveModel {
        user_id: Set(caller.user.id),
        blob_type: Set(blob_type.to_owned()),
        bytes: Set(sealed::length(&sealed)),
        sealed: Set(sealed),
        nonce: Set(request.nonce.unwrap_or_default()),
        km_version: Set(km_version),
        created_at: Set(now.0),
        updated_at: Set(now.0),
    };
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            if condition.is_any() {
                let there = get(tx, caller.user.id, blob_type).await?;
                condition.check(there.map(|row| EntityTag::of(&row.sealed)).as_ref())?;
            }
            let before = Usage::of(tx, caller.user.id).await?;
            blobs::Entity::insert(row)
                .on_conflict(replacing())
                .exec_without_returning(tx)
                .await?;
            Usage::of(tx, caller.user.id).await?.allow(before, quota)
        })
        .await
}

/// What a newer blob of a type replaces: all but when there was first one.
pub(super) fn replacing() -> OnConflict {
    OnConflict::columns([blobs::Column::UserId, blobs::Column::BlobType])
        .update_columns([
            blobs::Column::Sealed,
            blobs::Column::Bytes,
            blobs::Column::Nonce,
            blobs::Column::KmVersion,
            blobs::Column::UpdatedAt,
        ])
        .to_owned()
}

/// Deletes a blob of the caller; one that is not there counts as deleted.
///
/// # Errors
///
/// 401 and 409 when the caller or her keys changed since the request came.
pub async fn delete(store: &Store, caller: &Writer, blob_type: &str) -> Result<(), Problem> {
    store
        .write(async |tx| {
            still::may_write(tx, caller).await?;
            blobs::Entity::delete_by_id((caller.user.id, blob_type.to_owned()))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}
