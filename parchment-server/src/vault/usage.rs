//! How much a user keeps, and how much she may.

use parchment_core::limits;
use poem::http::StatusCode;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter as _, QuerySelect as _, prelude::Uuid};

use crate::{
    http::problem::Problem,
    store::{
        StoreError,
        entities::{blobs, collections, points},
    },
};

/// What a user keeps of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    count: i64,
    bytes: i64,
}

/// What a user keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    blobs: Kept,
    collections: Kept,
    points: Kept,
}

impl Usage {
    /// Counts what a user keeps.
    pub async fn of(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Self, StoreError> {
        use {blobs::Column as Blob, collections::Column as Collection, points::Column as Point};
        Ok(Self {
            blobs: kept::<blobs::Entity>(db, Blob::UserId, Blob::Bytes, user_id).await?,
            collections: kept::<collections::Entity>(db, Collection::UserId, Collection::Bytes, user_id).await?,
            points: kept::<points::Entity>(db, Point::UserId, Point::Bytes, user_id).await?,
        })
    }

    /// Refuses a change after which there is too much, unless it made that less: somebody whose quota was lowered can
    /// still write what is smaller, and rotate.
    ///
    /// To be asked in the transaction of the change, with what there was before it.
    ///
    /// # Errors
    ///
    /// 413 `vault_full`.
    pub fn allow(self, before: Self, quota: u64) -> Result<(), Problem> {
        let quota = i64::try_from(quota).unwrap_or(i64::MAX);
        if self.bytes() > quota && self.bytes() > before.bytes() {
            return Err(full(format!(
                "You may keep {quota} bytes here; delete something first."
            )));
        }
        for (now, before, limit, what) in [
            (self.blobs, before.blobs, limits::BLOBS_PER_USER, "blobs"),
            (
                self.collections,
                before.collections,
                limits::COLLECTIONS_PER_USER,
                "collections",
            ),
            (self.points, before.points, limits::POINTS_PER_USER, "points"),
        ] {
            if now.count > i64::from(limit) && now.count > before.count {
                return Err(full(format!("You may keep {limit} {what} here; delete some first.")));
            }
        }
        Ok(())
    }

    fn bytes(self) -> i64 {
        self.blobs.bytes + self.collections.bytes + self.points.bytes
    }
}

fn full(message: String) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "vault_full", message)
}

async fn kept<E: EntityTrait>(
    db: &impl ConnectionTrait,
    user: E::Column,
    bytes: E::Column,
    user_id: Uuid,
) -> Result<Kept, StoreError> {
    let sums: Option<(i64, Option<i64>)> = E::find()
        .select_only()
        .column_as(bytes.count(), "count")
        .column_as(bytes.sum(), "bytes")
        .filter(user.eq(user_id))
        .into_tuple()
        .one(db)
        .await?;
    let (count, bytes) = sums.unwrap_or_default();
    Ok(Kept {
        count,
        bytes: bytes.unwrap_or(0),
    })
}
