//! Collections: a sealed name, and points.

use std::collections::BTreeSet;

use parchment_core::{
    api::collections::{Collection as Served, CollectionRequest},
    derive::CollectionId,
    seal::{self, CollectionMetadata, Envelope, Plaintext},
};
use uuid::Uuid;

use super::{
    Account,
    device::Device,
    error::{AccountError, Result},
    inventory::{Inventory, Mark, Place},
    lie::Lie,
    random,
    sync::{TRIES, collection_key, open_metadata},
};

/// A collection, opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct Collection {
    /// Its id.
    pub id: Uuid,
    /// Its name and looks, as the program that made it wrote them; none before anybody did.
    pub metadata: Option<Plaintext>,
    /// Which of its keys metadata and points are sealed under.
    pub key_version: u64,
    pub(super) mark: Option<Mark>,
}

impl Account {
    /// Her collections.
    ///
    /// # Errors
    ///
    /// [`Lie::Withheld`] when one that the inventory lists is missing, and the others about records.
    pub async fn collections(&self) -> Result<Vec<Collection>> {
        let mut device = self.device().await;
        let mut inventory = self.inventory(&mut device).await?;
        for _ in 0..TRIES {
            match self.read_collections(&device, &inventory).await {
                Err(suspicion) => self.reread(&mut device, &mut inventory, suspicion).await?,
                done => return done,
            }
        }
        Err(AccountError::Busy)
    }

    /// Makes a collection; gives its id.
    ///
    /// # Errors
    ///
    /// [`Lie::IdReused`] when the server gave it the id of another: nothing was sealed then.
    pub async fn create_collection(&self, metadata: &[u8]) -> Result<Uuid> {
        let mut device = self.device().await;
        let inventory = self.inventory(&mut device).await?;
        let served = self
            .client()
            .collections()
            .create(&CollectionRequest::default())
            .await?;
        let id = read_id(&served.id)?;
        check_owner(&device, &served)?;
        if inventory.collection(&id).is_some() || inventory.was_id(id) || served.metadata_encrypted.is_some() {
            return Err(Lie::IdReused.into());
        }
        CollectionId::for_new(&served.id).map_err(|error| AccountError::Unexpected(error.to_string()))?;
        if served.metadata_key_version != 1 {
            let shown = served.metadata_key_version;
            return Err(Lie::CollectionKeyVersion {
                place: Place::Collection(id),
                shown,
                expected: 1,
            }
            .into());
        }
        let mark = self.write_metadata(&device, id, 1, metadata).await?;
        self.write_inventory(&mut device, |inventory| {
            inventory.list_collection(id, 1);
            inventory.list(&Place::Collection(id), mark);
        })
        .await?;
        Ok(id)
    }

    /// Writes the metadata of a collection.
    pub async fn change_collection(&self, id: Uuid, metadata: &[u8]) -> Result<()> {
        let mut device = self.device().await;
        let place = Place::Collection(id);
        let inventory = self.inventory(&mut device).await?;
        let before = inventory.mark(&place);
        let version = self.key_version(&inventory, id).await?;
        let written = self.write_metadata(&device, id, version, metadata).await?;
        let inventory = self.inventory(&mut device).await?;
        let (known, mut seen) = (inventory.mark(&place), written);
        if known != before {
            // Another device wrote it too.
            let served = self.client().collections().get(&id.to_string()).await?;
            let text = served
                .metadata_encrypted
                .ok_or_else(|| Lie::WriteIgnored(place.clone()))?;
            let key = collection_key(&device, id, version)?;
            seen = open_metadata(&device, &inventory, &key, id, &text)?.1;
        }
        self.write_inventory(&mut device, |inventory| {
            inventory.list_collection(id, version);
            inventory.settle(&place, known, Some(seen));
            if seen != written {
                inventory.retire(written);
            }
        })
        .await
    }

    /// Deletes a collection with all points in it.
    pub async fn delete_collection(&self, id: Uuid) -> Result<()> {
        let mut device = self.device().await;
        let place = Place::Collection(id);
        self.write_inventory(&mut device, |inventory| inventory.announce(&place))
            .await?;
        match self.client().collections().delete(&id.to_string()).await {
            Err(error) if error.status() == Some(404) => {}
            done => done?,
        }
        let left = self.client().collections().list().await?;
        if left.iter().any(|served| served.id == id.to_string()) {
            return Err(Lie::WriteIgnored(place).into());
        }
        self.write_inventory(&mut device, |inventory| inventory.delete(&place))
            .await
    }

    async fn write_metadata(&self, device: &Device, id: Uuid, version: u64, metadata: &[u8]) -> Result<Mark> {
        let envelope = seal_metadata(device, id, version, metadata)?;
        let request = CollectionRequest {
            metadata_encrypted: Some(envelope.to_base64()),
        };
        let served = self.client().collections().change(&id.to_string(), &request).await?;
        if served.metadata_encrypted != request.metadata_encrypted {
            return Err(Lie::WriteIgnored(Place::Collection(id)).into());
        }
        Ok(Mark::of(envelope.as_bytes()))
    }

    /// Which key of a collection is in use: by the inventory, or by the server when no inventory lists it yet.
    pub(super) async fn key_version(&self, inventory: &Inventory, id: Uuid) -> Result<u64> {
        if inventory.is_leaving(&Place::Collection(id)) || inventory.was_id(id) {
            return Err(AccountError::NotFound);
        }
        if let Some(listed) = inventory.collection(&id) {
            return Ok(listed.key_version);
        }
        match self.client().collections().get(&id.to_string()).await {
            Err(error) if error.status() == Some(404) => Err(AccountError::NotFound),
            served => read_version(&served?),
        }
    }

    pub(super) async fn read_collections(&self, device: &Device, inventory: &Inventory) -> Result<Vec<Collection>> {
        let (mut seen, mut collections) = (BTreeSet::new(), Vec::new());
        for served in self.client().collections().list().await? {
            let id = read_id(&served.id)?;
            check_owner(device, &served)?;
            let place = Place::Collection(id);
            if !seen.insert(id) {
                return Err(Lie::Repeated(place).into());
            }
            if inventory.is_leaving(&place) {
                continue;
            }
            if inventory.was_id(id) {
                return Err(Lie::RolledBack(place).into());
            }
            let version = read_version(&served)?;
            if let Some(listed) = inventory.collection(&id).filter(|listed| listed.key_version != version) {
                let (shown, expected) = (served.metadata_key_version, listed.key_version);
                return Err(Lie::CollectionKeyVersion { place, shown, expected }.into());
            }
            let key = collection_key(device, id, version)?;
            let opened = match &served.metadata_encrypted {
                Some(text) => Some(open_metadata(device, inventory, &key, id, text)?),
                None if inventory.mark(&place).is_some() => return Err(Lie::Withheld(place).into()),
                None => None,
            };
            let (metadata, mark) = opened.unzip();
            collections.push(Collection {
                id,
                metadata,
                key_version: version,
                mark,
            });
        }
        if let Some((missing, _)) = inventory.collections().find(|(id, _)| !seen.contains(*id)) {
            return Err(Lie::Withheld(Place::Collection(*missing)).into());
        }
        Ok(collections)
    }
}

/// Seals the metadata of a collection.
pub fn seal_metadata(device: &Device, id: Uuid, version: u64, metadata: &[u8]) -> Result<Envelope> {
    let record = CollectionMetadata {
        user_id: &device.user_id,
    };
    let key = collection_key(device, id, version)?;
    Ok(seal::seal(&record, &key, metadata, random::seal_nonce()?)?)
}

pub fn read_id(text: &str) -> Result<Uuid> {
    // Envelopes are bound to the spelling.
    let id = text.parse::<Uuid>().ok().filter(|id| id.to_string() == text);
    id.ok_or_else(|| AccountError::Unexpected(format!("an id is not a UUID in lower case ({} characters)", text.len())))
}

fn read_version(served: &Served) -> Result<u64> {
    u64::try_from(served.metadata_key_version)
        .ok()
        .filter(|version| *version > 0)
        .ok_or_else(|| AccountError::Unexpected("the key of a collection has no version".to_owned()))
}

fn check_owner(device: &Device, served: &Served) -> Result<()> {
    if served.user_id != device.user_id {
        return Err(Lie::OthersThing { what: "a collection" }.into());
    }
    Ok(())
}
