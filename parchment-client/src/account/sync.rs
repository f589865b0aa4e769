//! Reading and writing the inventory, and holding records against it.

use std::time::Duration;

use parchment_core::{
    api::blobs::{Blob, BlobRequest},
    derive::{CollectionId, CollectionKey, KeyVersion},
    seal::{self, CollectionMetadata, EncryptedPoint, Envelope, PersonalBlob, Plaintext, ShapeError},
};
use uuid::Uuid;

use super::{
    Account,
    device::Device,
    error::{AccountError, Result},
    inventory::{BLOB_TYPE, COPY_PREFIX, Inventory, Judgement, Mark, Place},
    lie::Lie,
    random,
};
use crate::client::sleep;

/// How often something is done anew because others wrote in between.
pub const TRIES: u32 = 6;

/// How long a device that is in the middle of something is waited for, each time.
const PATIENCE: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::ZERO,
];

impl Account {
    /// What is known of the account: what this device knows, and what the server gives now.
    pub(super) async fn inventory(&self, device: &mut Device) -> Result<Inventory> {
        let Some((given, _)) = self.given_inventory(device).await? else {
            // An account from before there were inventories, or one that only other programs have used.
            return match &device.inventory {
                None => Ok(Inventory::new(device.km_version)),
                Some(_) => Err(Lie::InventoryWithheld.into()),
            };
        };
        let Some(known) = device.inventory.take() else {
            device.inventory = Some(given.clone());
            self.save(device).await?;
            return Ok(given);
        };
        let mut merged = known.merge(&given);
        if given.counter() < known.counter() {
            let (shown, seen) = (given.counter(), known.counter());
            device.inventory = Some(known);
            merged = self.merge_copies(device, merged).await?;
            return match self.look_at_everything(device, &merged).await {
                // Another device overwrote it that had not seen it; the next writing puts that right.
                Ok(()) => Ok(merged),
                Err(AccountError::Lie(_)) => Err(Lie::AccountRolledBack { shown, seen }.into()),
                Err(error) => Err(error),
            };
        }
        let is_news = merged != known;
        device.inventory = Some(merged.clone());
        if is_news {
            self.save(device).await?;
        }
        Ok(merged)
    }

    /// The inventory that the server has, with its mark.
    pub(super) async fn given_inventory(&self, device: &Device) -> Result<Option<(Inventory, Mark)>> {
        let Some(blob) = self.client().blobs().get(BLOB_TYPE).await? else {
            return Ok(None);
        };
        let place = Place::Blob(BLOB_TYPE.to_owned());
        let (opened, mark) = open_blob(device, None, BLOB_TYPE, &blob)?;
        let text = opened
            .as_str()
            .map_err(|error| AccountError::Unreadable(error.to_string()))?;
        let inventory = Inventory::read(text)?;
        if inventory.km_version() != device.km_version {
            return Err(Lie::Foreign(place).into());
        }
        Ok(Some((inventory, mark)))
    }

    /// Writes the inventory with a change, on top of whatever others wrote.
    ///
    /// The server compares nothing, so what is there afterwards may be what another device wrote at the same time; then
    /// both are written together.
    pub(super) async fn write_inventory(&self, device: &mut Device, change: impl Fn(&mut Inventory)) -> Result<()> {
        let mut newer_by_others = false;
        let mut inventory = self.inventory(device).await?;
        for _ in 0..TRIES {
            change(&mut inventory);
            inventory.follow(device.inventory.as_ref().map_or(0, Inventory::counter));
            let text = inventory.to_text();
            let copy = self.copy_type(device)?;
            self.put(device, &copy, &seal_blob(device, &copy, text.as_bytes())?)
                .await?;
            let envelope = seal_blob(device, BLOB_TYPE, text.as_bytes())?;
            self.put(device, BLOB_TYPE, &envelope).await?;
            device.inventory = Some(inventory.clone());
            self.save(device).await?;
            let Some((given, mark)) = self.given_inventory(device).await? else {
                return Err(Lie::WriteIgnored(Place::Blob(BLOB_TYPE.to_owned())).into());
            };
            if mark == Mark::of(envelope.as_bytes()) {
                return Ok(());
            }
            newer_by_others |= given.counter() >= inventory.counter();
            let both = inventory.merge(&given);
            if both == given {
                // Another device has seen this one, and wrote after it.
                device.inventory = Some(both);
                return self.save(device).await;
            }
            inventory = both;
        }
        match newer_by_others {
            true => Err(AccountError::Busy),
            false => Err(Lie::WriteIgnored(Place::Blob(BLOB_TYPE.to_owned())).into()),
        }
    }

    /// Puts a blob's envelope.
    pub(super) async fn put(&self, device: &Device, blob_type: &str, envelope: &Envelope) -> Result<()> {
        let request = BlobRequest {
            encrypted_blob: envelope.to_base64(),
            nonce: Some(String::new()),
            km_version: Some(device.km_version),
        };
        Ok(self.client().blobs().put(blob_type, &request).await?)
    }

    /// After a suspicion: whether more is known than when the inventory was read, which then has it.
    ///
    /// Another device may have written since, be in the middle of it, or have had its inventory overwritten by one that
    /// had not seen it.
    ///
    /// # Errors
    ///
    /// The suspicion, when nothing was.
    pub(super) async fn reread(
        &self,
        device: &mut Device,
        inventory: &mut Inventory,
        suspicion: AccountError,
    ) -> Result<()> {
        if !suspicion.lie().is_some_and(Lie::may_be_a_race) {
            return Err(suspicion);
        }
        for wait in PATIENCE {
            let newer = self.inventory(device).await?;
            let newer = self.merge_copies(device, newer).await?;
            if newer != *inventory {
                device.inventory = Some(newer.clone());
                self.save(device).await?;
                *inventory = newer;
                return Ok(());
            }
            sleep(wait).await;
        }
        Err(suspicion)
    }

    /// What is known with what every device wrote last.
    async fn merge_copies(&self, device: &Device, mut inventory: Inventory) -> Result<Inventory> {
        for entry in self.client().blobs().list().await? {
            if entry.blob_type.starts_with(COPY_PREFIX)
                && let Some(blob) = self.client().blobs().get(&entry.blob_type).await?
                && let Some(copy) = open_copy(device, &entry.blob_type, &blob)
            {
                inventory = inventory.merge(&copy);
            }
        }
        Ok(inventory)
    }

    /// Looks at every blob, collection and point that the server has.
    pub(super) async fn look_at_everything(&self, device: &Device, inventory: &Inventory) -> Result<()> {
        for blob_type in self.blob_types(device, inventory).await? {
            self.read_blob(device, inventory, &blob_type).await?;
        }
        for collection in self.read_collections(device, inventory).await? {
            self.read_points(device, inventory, collection.id).await?;
        }
        Ok(())
    }

    /// Looks at everything that the server has for the account: keys, versions, slots, and every record.
    ///
    /// # Errors
    ///
    /// The first [`Lie`] that is found.
    pub async fn check(&self) -> Result<()> {
        let mut device = self.device().await;
        self.check_identity(&mut device).await?;
        self.checked_slots(&device).await?;
        let mut inventory = self.inventory(&mut device).await?;
        for _ in 0..TRIES {
            match self.look_at_everything(&device, &inventory).await {
                Err(suspicion) => self.reread(&mut device, &mut inventory, suspicion).await?,
                done => return done,
            }
        }
        Err(AccountError::Busy)
    }

    /// Takes what the server gives now for what there is, and lists it: for a person who knows why something is missing
    /// or older, such as after an old backup was restored.
    ///
    /// What does not open is still refused. A record that is older than it was stays under suspicion on other devices
    /// until it is written anew; a rotation does that for all.
    pub async fn danger_accept_what_is_there(&self) -> Result<()> {
        let mut device = self.device().await;
        self.check_identity(&mut device).await?;
        let mut before = device
            .inventory
            .take()
            .unwrap_or_else(|| Inventory::new(device.km_version));
        if let Some((given, _)) = self.given_inventory(&device).await? {
            before = before.merge(&given);
        }
        before = self.merge_copies(&device, before).await?;
        let mut inventory = Inventory::new(device.km_version);
        self.list_what_is_there(&device, &mut inventory).await?;
        inventory.replace(&before);
        inventory.follow(before.counter());
        // Known before it is written: what others knew is merged into this, and not the other way round.
        device.inventory = Some(inventory);
        self.save(&device).await?;
        self.publish(&mut device).await
    }

    /// Writes the inventory that this device knows, whatever is there.
    async fn publish(&self, device: &mut Device) -> Result<()> {
        let mut inventory = device
            .inventory
            .clone()
            .unwrap_or_else(|| Inventory::new(device.km_version));
        inventory.follow(0);
        let (copy, text) = (self.copy_type(device)?, inventory.to_text());
        self.put(device, &copy, &seal_blob(device, &copy, text.as_bytes())?)
            .await?;
        self.put(device, BLOB_TYPE, &seal_blob(device, BLOB_TYPE, text.as_bytes())?)
            .await?;
        device.inventory = Some(inventory);
        self.save(device).await
    }

    /// The type of the blob that holds what this device wrote last.
    fn copy_type(&self, device: &mut Device) -> Result<String> {
        let id = match &device.copy {
            Some(id) => id.clone(),
            None => device.copy.insert(random::id()?.simple().to_string()).clone(),
        };
        Ok(format!("{COPY_PREFIX}{id}"))
    }

    /// Lists every record that opens.
    pub(super) async fn list_what_is_there(&self, device: &Device, inventory: &mut Inventory) -> Result<()> {
        let nothing = Inventory::new(device.km_version);
        for blob_type in self.blob_types(device, &nothing).await? {
            if let Some((_, mark)) = self.read_blob(device, &nothing, &blob_type).await? {
                inventory.list(&Place::Blob(blob_type), mark);
            }
        }
        for collection in self.read_collections(device, &nothing).await? {
            inventory.list_collection(collection.id, collection.key_version);
            if let Some(mark) = collection.mark {
                inventory.list(&Place::Collection(collection.id), mark);
            }
            for point in self.read_points(device, &nothing, collection.id).await? {
                let place = Place::Point {
                    collection: collection.id,
                    id: point.id,
                };
                inventory.list(&place, point.mark);
            }
        }
        Ok(())
    }
}

/// Seals a blob.
pub fn seal_blob(device: &Device, blob_type: &str, plaintext: &[u8]) -> Result<Envelope> {
    let place = PersonalBlob {
        user_id: &device.user_id,
        blob_type,
    };
    Ok(seal::seal(
        &place,
        &device.seed.personal_key(),
        plaintext,
        random::seal_nonce()?,
    )?)
}

/// Opens a blob that was given for a type, and holds it against the inventory.
pub fn open_blob(
    device: &Device,
    inventory: Option<&Inventory>,
    blob_type: &str,
    blob: &Blob,
) -> Result<(Plaintext, Mark)> {
    let place = Place::Blob(blob_type.to_owned());
    let envelope = read_envelope(&place, &blob.encrypted_blob)?;
    let mark = judge(inventory, &place, &envelope)?;
    let record = PersonalBlob {
        user_id: &device.user_id,
        blob_type,
    };
    let opened =
        seal::open(&record, &device.seed.personal_key(), &envelope).map_err(|_| Lie::Foreign(place.clone()))?;
    // After it opened: so it is the label alone that lies.
    if blob.km_version != device.km_version {
        return Err(Lie::RecordKmVersion {
            place,
            shown: blob.km_version,
            expected: device.km_version,
        }
        .into());
    }
    Ok((opened, mark))
}

/// What another device knew, if its copy can be read; one that cannot tells nothing.
fn open_copy(device: &Device, blob_type: &str, blob: &Blob) -> Option<Inventory> {
    let (opened, _) = open_blob(device, None, blob_type, blob).ok()?;
    let copy = Inventory::read(opened.as_str().ok()?).ok()?;
    (copy.km_version() == device.km_version).then_some(copy)
}

/// The key of a collection in a version.
pub fn collection_key(device: &Device, id: Uuid, version: u64) -> Result<CollectionKey> {
    let version = KeyVersion::new(version).map_err(|error| AccountError::Unexpected(error.to_string()))?;
    Ok(device
        .seed
        .collection_key(&CollectionId::existing(&id.to_string()), version))
}

/// Opens the metadata of a collection.
pub fn open_metadata(
    device: &Device,
    inventory: &Inventory,
    key: &CollectionKey,
    id: Uuid,
    text: &str,
) -> Result<(Plaintext, Mark)> {
    let place = Place::Collection(id);
    let envelope = read_envelope(&place, text)?;
    let mark = judge(Some(inventory), &place, &envelope)?;
    let record = CollectionMetadata {
        user_id: &device.user_id,
    };
    let opened = seal::open(&record, key, &envelope).map_err(|_| Lie::Foreign(place))?;
    Ok((opened, mark))
}

/// Opens a point.
pub fn open_point(
    device: &Device,
    inventory: &Inventory,
    key: &CollectionKey,
    place: &Place,
    id: Uuid,
    text: &str,
) -> Result<(Plaintext, Mark)> {
    let envelope = read_envelope(place, text)?;
    let mark = judge(Some(inventory), place, &envelope)?;
    let point_id = id.to_string();
    let record = EncryptedPoint {
        user_id: &device.user_id,
        point_id: &point_id,
    };
    let opened = seal::open(&record, key, &envelope).map_err(|_| Lie::Foreign(place.clone()))?;
    Ok((opened, mark))
}

fn read_envelope(place: &Place, text: &str) -> Result<Envelope> {
    Envelope::from_base64(text).map_err(|error| {
        let place = place.clone();
        match error {
            ShapeError::Algorithm { found } => Lie::Algorithm { place, found }.into(),
            _ => Lie::NoEnvelope(place).into(),
        }
    })
}

fn judge(inventory: Option<&Inventory>, place: &Place, envelope: &Envelope) -> Result<Mark> {
    let mark = Mark::of(envelope.as_bytes());
    match inventory.map_or(Judgement::Unlisted, |inventory| inventory.judge(place, mark)) {
        Judgement::Listed | Judgement::Unlisted => Ok(mark),
        Judgement::Superseded => Err(Lie::RolledBack(place.clone()).into()),
        Judgement::Elsewhere(from) => Err(Lie::Moved {
            place: place.clone(),
            from,
        }
        .into()),
    }
}
