//! Personal blobs: one sealed record for each type.

use std::collections::BTreeSet;

use parchment_core::seal::Plaintext;

use super::{
    Account,
    device::Device,
    error::{AccountError, Result},
    inventory::{BLOB_TYPE, COPY_PREFIX, Inventory, Judgement, Mark, Place},
    lie::Lie,
    sync::{TRIES, open_blob, seal_blob},
};

/// What the beginning of a type says of blobs that the account keeps for itself.
const RESERVED: &str = "parchment.";

impl Account {
    /// The types of her blobs, sorted; without those that the account keeps for itself.
    ///
    /// # Errors
    ///
    /// [`Lie::Withheld`] when one that the inventory lists is missing, [`Lie::Repeated`] when one is there twice.
    pub async fn blobs(&self) -> Result<Vec<String>> {
        let mut device = self.device().await;
        let mut inventory = self.inventory(&mut device).await?;
        for _ in 0..TRIES {
            match self.blob_types(&device, &inventory).await {
                Err(suspicion) => self.reread(&mut device, &mut inventory, suspicion).await?,
                Ok(types) => {
                    let own = types.into_iter().filter(|blob_type| !blob_type.starts_with(RESERVED));
                    return Ok(own.collect());
                }
            }
        }
        Err(AccountError::Busy)
    }

    /// What is in a blob; none when there is none of this type.
    ///
    /// # Errors
    ///
    /// The [`Lie`] when it is missing, older than it was, another, or not hers.
    pub async fn blob(&self, blob_type: &str) -> Result<Option<Plaintext>> {
        check_type(blob_type)?;
        let mut device = self.device().await;
        self.blob_in(&mut device, blob_type).await
    }

    /// Seals a blob and keeps it on the server, in the place of an earlier one of this type.
    ///
    /// Of two devices that write one type at once, one wins, and both know which.
    ///
    /// # Errors
    ///
    /// [`Lie::WriteIgnored`] when the server said yes and gives something older.
    pub async fn put_blob(&self, blob_type: &str, plaintext: &[u8]) -> Result<()> {
        check_type(blob_type)?;
        let mut device = self.device().await;
        self.put_blob_in(&mut device, blob_type, plaintext).await
    }

    /// Deletes a blob; one that is not there counts as deleted.
    pub async fn delete_blob(&self, blob_type: &str) -> Result<()> {
        check_type(blob_type)?;
        let mut device = self.device().await;
        let place = Place::Blob(blob_type.to_owned());
        let mut inventory = self.inventory(&mut device).await?;
        for _ in 0..TRIES {
            let (known, seen) = (inventory.mark(&place), self.seen(&device, blob_type).await?);
            match seen {
                None if known.is_none() => return Ok(()),
                _ if known == seen && inventory.is_leaving(&place) => {
                    self.client().blobs().delete(blob_type).await?;
                    return self.settle_deletion(&mut device, blob_type, seen).await;
                }
                _ => {}
            }
            // What goes is announced by its mark: what another device writes now stays.
            self.write_inventory(&mut device, |inventory| {
                inventory.settle(&place, known, seen);
                inventory.announce(&place);
            })
            .await?;
            inventory = self.inventory(&mut device).await?;
        }
        Err(AccountError::Busy)
    }

    async fn settle_deletion(&self, device: &mut Device, blob_type: &str, ours: Option<Mark>) -> Result<()> {
        let Some(ours) = ours else {
            let place = Place::Blob(blob_type.to_owned());
            return self.write_inventory(device, |inventory| inventory.delete(&place)).await;
        };
        if self.seen(device, blob_type).await? == Some(ours) {
            return Err(Lie::WriteIgnored(Place::Blob(blob_type.to_owned())).into());
        }
        self.settle_blob(device, blob_type, ours).await
    }

    pub(super) async fn blob_in(&self, device: &mut Device, blob_type: &str) -> Result<Option<Plaintext>> {
        let mut inventory = self.inventory(device).await?;
        for _ in 0..TRIES {
            match self.read_blob(device, &inventory, blob_type).await {
                Err(suspicion) => self.reread(device, &mut inventory, suspicion).await?,
                Ok(read) => return Ok(read.map(|(opened, _)| opened)),
            }
        }
        Err(AccountError::Busy)
    }

    pub(super) async fn put_blob_in(&self, device: &mut Device, blob_type: &str, plaintext: &[u8]) -> Result<()> {
        let place = Place::Blob(blob_type.to_owned());
        self.inventory(device).await?;
        // What stood there before can never stand there again.
        let before = self.seen(device, blob_type).await?;
        for _ in 0..TRIES {
            let envelope = seal_blob(device, blob_type, plaintext)?;
            let written = Mark::of(envelope.as_bytes());
            self.put(device, blob_type, &envelope).await?;
            let seen = self.seen(device, blob_type).await?;
            let inventory = self.inventory(device).await?;
            let is_gone = |mark| inventory.judge(&place, mark) == Judgement::Superseded;
            match seen {
                // A request that was sent twice, and overtaken in between: nobody would believe it any more.
                Some(mark) if mark == written && is_gone(mark) => continue,
                Some(mark) if mark == written => {}
                // Another device wrote it after this one.
                Some(mark) if seen != before && !is_gone(mark) => {}
                // Another device deleted it, and said so before.
                None if is_gone(written) || inventory.is_leaving(&place) => {}
                _ => return Err(Lie::WriteIgnored(place).into()),
            }
            return self.settle_blob(device, blob_type, written).await;
        }
        Err(AccountError::Busy)
    }

    /// Lists what stands at a blob's place after a change, until it is what is listed. `ours` was there during the change.
    async fn settle_blob(&self, device: &mut Device, blob_type: &str, ours: Mark) -> Result<()> {
        let place = Place::Blob(blob_type.to_owned());
        let mut inventory = self.inventory(device).await?;
        for _ in 0..TRIES {
            let known = inventory.mark(&place);
            let seen = self.seen(device, blob_type).await?;
            let is_told = seen == Some(ours) || inventory.judge(&place, ours) == Judgement::Superseded;
            if known == seen && is_told && !inventory.is_leaving(&place) {
                return Ok(());
            }
            self.write_inventory(device, |inventory| {
                inventory.settle(&place, known, seen);
                if seen != Some(ours) {
                    inventory.retire(ours);
                }
            })
            .await?;
            inventory = device.inventory.clone().unwrap_or(inventory);
        }
        Err(AccountError::Busy)
    }

    /// Which envelope the server gives for a type now, if it is one of hers.
    async fn seen(&self, device: &Device, blob_type: &str) -> Result<Option<Mark>> {
        match self.client().blobs().get(blob_type).await? {
            Some(blob) => Ok(Some(open_blob(device, None, blob_type, &blob)?.1)),
            None => Ok(None),
        }
    }

    /// The types that the server lists, without those that are leaving, once the list is known to be complete.
    pub(super) async fn blob_types(&self, device: &Device, inventory: &Inventory) -> Result<Vec<String>> {
        let mut types = BTreeSet::new();
        for entry in self.client().blobs().list().await? {
            let place = Place::Blob(entry.blob_type.clone());
            if entry.km_version != device.km_version {
                let (shown, expected) = (entry.km_version, device.km_version);
                return Err(Lie::RecordKmVersion { place, shown, expected }.into());
            }
            if !types.insert(entry.blob_type) {
                return Err(Lie::Repeated(place).into());
            }
        }
        if let Some(missing) = inventory.blobs().find(|listed| !types.contains(*listed)) {
            return Err(Lie::Withheld(Place::Blob(missing.to_owned())).into());
        }
        types.retain(|blob_type| blob_type != BLOB_TYPE && !blob_type.starts_with(COPY_PREFIX));
        types.retain(|blob_type| !inventory.is_leaving(&Place::Blob(blob_type.clone())));
        Ok(types.into_iter().collect())
    }

    /// Reads a blob and holds it against an inventory that was read before.
    pub(super) async fn read_blob(
        &self,
        device: &Device,
        inventory: &Inventory,
        blob_type: &str,
    ) -> Result<Option<(Plaintext, Mark)>> {
        let place = Place::Blob(blob_type.to_owned());
        let blob = self.client().blobs().get(blob_type).await?;
        match blob {
            _ if inventory.is_leaving(&place) => Ok(None),
            Some(blob) => open_blob(device, Some(inventory), blob_type, &blob).map(Some),
            None if inventory.mark(&place).is_some() => Err(Lie::Withheld(place).into()),
            None => Ok(None),
        }
    }
}

fn check_type(blob_type: &str) -> Result<()> {
    if blob_type.starts_with(RESERVED) {
        return Err(AccountError::Reserved(blob_type.to_owned()));
    }
    Ok(())
}
