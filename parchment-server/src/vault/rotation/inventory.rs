//! What a user keeps, by name: a plan has to account for all of it.

use std::collections::{BTreeSet, HashMap};

use parchment_core::api::rotation::LeftBehind;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _, prelude::Uuid};

use super::plan::{Plan, unknown_collection, unknown_point};
use crate::{
    http::problem::Problem,
    store::{
        StoreError,
        entities::{blobs, collections, points},
    },
};

/// The names of everything that is stored, without what is in it.
pub(super) struct Inventory {
    blobs: BTreeSet<String>,
    /// With whether there is metadata.
    collections: HashMap<Uuid, bool>,
    /// With the collection that each is in.
    points: HashMap<Uuid, Uuid>,
}

impl Inventory {
    /// Lists what a user keeps.
    pub(super) async fn of(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<Self, StoreError> {
        let blobs: Vec<String> = blobs::Entity::find()
            .select_only()
            .column(blobs::Column::BlobType)
            .filter(blobs::Column::UserId.eq(user_id))
            .into_tuple()
            .all(tx)
            .await?;
        let collections: Vec<(Uuid, i32)> = collections::Entity::find()
            .select_only()
            .columns([collections::Column::Id, collections::Column::Bytes])
            .filter(collections::Column::UserId.eq(user_id))
            .into_tuple()
            .all(tx)
            .await?;
        let points: Vec<(Uuid, Uuid)> = points::Entity::find()
            .select_only()
            .columns([points::Column::Id, points::Column::CollectionId])
            .filter(points::Column::UserId.eq(user_id))
            .into_tuple()
            .all(tx)
            .await?;
        Ok(Self {
            blobs: blobs.into_iter().collect(),
            collections: collections.into_iter().map(|(id, bytes)| (id, bytes > 0)).collect(),
            points: points.into_iter().collect(),
        })
    }

    /// Makes sure that a plan names nothing that is not there, and leaves nothing behind.
    ///
    /// # Errors
    ///
    /// 422 `unknown_collection`, `unknown_point`, or `rotation_incomplete` with what is missing.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), Problem> {
        let carried = plan.collections.keys();
        let collections = carried.chain(plan.points.values().map(|point| &point.collection_id));
        if let Some(id) = collections.into_iter().find(|id| !self.collections.contains_key(*id)) {
            return Err(unknown_collection(id));
        }
        let elsewhere = plan
            .points
            .iter()
            .find(|(id, point)| self.points.get(*id) != Some(&point.collection_id));
        if let Some((id, _)) = elsewhere {
            return Err(unknown_point(id));
        }
        let missing = self.left_behind(plan);
        if missing == LeftBehind::default() {
            return Ok(());
        }
        Err(Problem::rotation_incomplete(missing))
    }

    fn left_behind(&self, plan: &Plan) -> LeftBehind {
        let dropped = &plan.dropped;
        let blobs = self.blobs.iter();
        let blobs = blobs.filter(|blob| !plan.blobs.contains_key(*blob) && !dropped.blobs.contains(*blob));
        // A collection without metadata has nothing that could become unreadable.
        let collections = self.collections.iter().filter(|(_, has_metadata)| **has_metadata);
        let collections = collections
            .map(|(id, _)| id)
            .filter(|id| !plan.collections.contains_key(id) && !dropped.collections.contains(id));
        let points = self.points.iter().filter(|(id, collection)| {
            !plan.points.contains_key(id) && !dropped.points.contains(id) && !dropped.collections.contains(collection)
        });
        LeftBehind {
            blobs: blobs.cloned().collect(),
            collections: sorted(collections),
            points: sorted(points.map(|(id, _)| id)),
        }
    }
}

fn sorted<'a>(ids: impl Iterator<Item = &'a Uuid>) -> Vec<String> {
    let mut ids: Vec<String> = ids.map(Uuid::to_string).collect();
    ids.sort_unstable();
    ids
}
