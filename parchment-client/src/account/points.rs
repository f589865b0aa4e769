//! Points: the sealed records of a collection.

use std::collections::BTreeSet;

use parchment_core::{
    api::collections::{NewPointRequest, PointRequest},
    derive::CollectionKey,
    seal::{self, EncryptedPoint, Envelope, Plaintext},
};
use uuid::Uuid;

use super::{
    Account,
    collections::read_id,
    device::Device,
    error::{AccountError, Result},
    inventory::{Inventory, Mark, Place},
    lie::Lie,
    random,
    sync::{TRIES, collection_key, open_point},
};

/// A point, opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Point {
    /// Its id.
    pub id: Uuid,
    /// What is in it.
    pub content: Plaintext,
    pub(super) mark: Mark,
}

impl Account {
    /// The points of a collection.
    ///
    /// # Errors
    ///
    /// [`Lie::Withheld`] when one that the inventory lists is missing, [`Lie::PointMoved`] when one belongs elsewhere, and
    /// the others about records.
    pub async fn points(&self, collection: Uuid) -> Result<Vec<Point>> {
        let mut device = self.device().await;
        let mut inventory = self.inventory(&mut device).await?;
        for _ in 0..TRIES {
            match self.read_points(&device, &inventory, collection).await {
                Err(suspicion) => self.reread(&mut device, &mut inventory, suspicion).await?,
                done => return done,
            }
        }
        Err(AccountError::Busy)
    }

    /// Adds a point to a collection; gives its id.
    pub async fn add_point(&self, collection: Uuid, content: &[u8]) -> Result<Uuid> {
        let added = self.add_points(collection, &[content]).await?;
        added.first().copied().ok_or(AccountError::NotFound)
    }

    /// Adds points to a collection, one request each, and lists them all at once; gives their ids in the same order.
    ///
    /// When it fails half-way, those that were added stay.
    pub async fn add_points(&self, collection: Uuid, contents: &[&[u8]]) -> Result<Vec<Uuid>> {
        let mut device = self.device().await;
        let inventory = self.inventory(&mut device).await?;
        let version = self.key_version(&inventory, collection).await?;
        let key = collection_key(&device, collection, version)?;
        let (mut added, mut failed) = (Vec::new(), None);
        for content in contents {
            match self.create_point(&device, &key, collection, content).await {
                Ok(point) => added.push(point),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        self.write_inventory(&mut device, |inventory| {
            inventory.list_collection(collection, version);
            for (id, mark) in &added {
                inventory.list(&Place::Point { collection, id: *id }, *mark);
            }
        })
        .await?;
        match failed {
            Some(error) => Err(error),
            None => Ok(added.into_iter().map(|(id, _)| id).collect()),
        }
    }

    async fn create_point(
        &self,
        device: &Device,
        key: &CollectionKey,
        collection: Uuid,
        content: &[u8],
    ) -> Result<(Uuid, Mark)> {
        let id = random::id()?;
        let envelope = seal_point(device, key, id, content)?;
        let request = NewPointRequest {
            id: Some(id.to_string()),
            encrypted_data: envelope.to_base64(),
        };
        let served = self.client().points(&collection.to_string()).create(&request).await?;
        if served.id != id.to_string() || served.encrypted_data != request.encrypted_data {
            return Err(Lie::WriteIgnored(Place::Point { collection, id }).into());
        }
        Ok((id, Mark::of(envelope.as_bytes())))
    }

    /// Writes a point anew.
    pub async fn change_point(&self, collection: Uuid, id: Uuid, content: &[u8]) -> Result<()> {
        let mut device = self.device().await;
        let place = Place::Point { collection, id };
        let inventory = self.inventory(&mut device).await?;
        let before = inventory.mark(&place);
        let version = self.key_version(&inventory, collection).await?;
        let key = collection_key(&device, collection, version)?;
        let envelope = seal_point(&device, &key, id, content)?;
        let written = Mark::of(envelope.as_bytes());
        let request = PointRequest {
            encrypted_data: envelope.to_base64(),
        };
        let changed = self
            .client()
            .points(&collection.to_string())
            .change(&id.to_string(), &request)
            .await;
        match changed {
            Err(error) if error.status() == Some(404) => return Err(AccountError::NotFound),
            changed => {
                if changed?.encrypted_data != request.encrypted_data {
                    return Err(Lie::WriteIgnored(place).into());
                }
            }
        }
        let inventory = self.inventory(&mut device).await?;
        let (known, mut seen) = (inventory.mark(&place), written);
        if known != before {
            // Another device wrote it too.
            let points = self.read_points(&device, &inventory, collection).await?;
            let point = points.into_iter().find(|point| point.id == id);
            seen = point.ok_or_else(|| Lie::Withheld(place.clone()))?.mark;
        }
        self.write_inventory(&mut device, |inventory| {
            inventory.list_collection(collection, version);
            inventory.settle(&place, known, Some(seen));
            if seen != written {
                inventory.retire(written);
            }
        })
        .await
    }

    /// Deletes a point; one that is not there counts as deleted.
    pub async fn delete_point(&self, collection: Uuid, id: Uuid) -> Result<()> {
        let mut device = self.device().await;
        let place = Place::Point { collection, id };
        self.write_inventory(&mut device, |inventory| inventory.announce(&place))
            .await?;
        match self
            .client()
            .points(&collection.to_string())
            .delete(&id.to_string())
            .await
        {
            Err(error) if error.status() == Some(404) => {}
            done => done?,
        }
        self.write_inventory(&mut device, |inventory| inventory.delete(&place))
            .await
    }

    pub(super) async fn read_points(
        &self,
        device: &Device,
        inventory: &Inventory,
        collection: Uuid,
    ) -> Result<Vec<Point>> {
        let version = self.key_version(inventory, collection).await?;
        let key = collection_key(device, collection, version)?;
        let served = match self.client().points(&collection.to_string()).list().await {
            Err(error) if error.status() == Some(404) => {
                return Err(match inventory.collection(&collection) {
                    Some(_) => Lie::Withheld(Place::Collection(collection)).into(),
                    None => AccountError::NotFound,
                });
            }
            served => served?,
        };
        let (mut seen, mut points) = (BTreeSet::new(), Vec::new());
        for point in served {
            let id = read_id(&point.id)?;
            let place = Place::Point { collection, id };
            if !seen.insert(id) {
                return Err(Lie::Repeated(place).into());
            }
            let belongs = inventory.collection_of(&id).unwrap_or(collection);
            if belongs != collection || point.collection_id != collection.to_string() {
                return Err(Lie::PointMoved {
                    point: id.to_string(),
                    shown: point.collection_id,
                    expected: belongs.to_string(),
                }
                .into());
            }
            if inventory.is_leaving(&place) {
                continue;
            }
            let (content, mark) = open_point(device, inventory, &key, &place, id, &point.encrypted_data)?;
            points.push(Point { id, content, mark });
        }
        if let Some(missing) = inventory.points(collection).find(|id| !seen.contains(*id)) {
            return Err(Lie::Withheld(Place::Point {
                collection,
                id: *missing,
            })
            .into());
        }
        Ok(points)
    }
}

/// Seals a point.
pub fn seal_point(device: &Device, key: &CollectionKey, id: Uuid, content: &[u8]) -> Result<Envelope> {
    let point_id = id.to_string();
    let record = EncryptedPoint {
        user_id: &device.user_id,
        point_id: &point_id,
    };
    Ok(seal::seal(&record, key, content, random::seal_nonce()?)?)
}
