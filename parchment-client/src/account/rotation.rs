//! Rotation: a new master key for everything, in one commit.
//!
//! 1. The new seed is drawn and kept on this device, beside the old one.
//! 2. Everything is read, opened, held against the inventory, and sealed anew, with a new inventory.
//! 3. One commit carries all of it. When another device wrote in between it is refused, and 2 is done again.
//! 4. The server is asked which identity it shows, and gives the new inventory: only then the old seed is forgotten.
//!
//! Whatever is cut off, by a crash or on its way, the device has both seeds and asks which one holds. A commit whose
//! answer was lost may still take effect, so the new seed stays until it holds or can no longer; trying again uses the
//! same one.

use std::{collections::BTreeSet, time::Duration};

use parchment_core::{
    api::{
        identity::Identity,
        rotation::{Dropped, LeftBehind, RotatedBlob, RotatedCollection, RotatedPoint, RotationRequest},
    },
    derive::PrfWrapKey,
    prf::PrfOutput,
    seal::Plaintext,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Account,
    collections::seal_metadata,
    device::{Device, Next},
    error::{AccountError, Result},
    identity::shows_keys_of,
    inventory::{BLOB_TYPE, COPY_PREFIX, Inventory, Mark, Place},
    lie::Lie,
    points::seal_point,
    random, slots,
    sync::{TRIES, collection_key, seal_blob},
};
use crate::{ClientError, client::sleep, keystore::Shared};

/// How long is waited between two commits, unless the server asks for more.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest that a server is obeyed without asking the person.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a rotation is to do beside taking everything along.
#[derive(Debug, Default)]
pub struct Rotation {
    passkeys: Vec<(String, PrfWrapKey)>,
    dropped: BTreeSet<Place>,
}

impl Rotation {
    /// A rotation that takes everything along, and for which no passkey was asked.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the recovery slot of a passkey anew, from what its PRF gave. Slots of other passkeys go: they hold the old
    /// seed.
    pub fn with_passkey(mut self, credential_id: &str, output: &PrfOutput) -> Result<Self> {
        self.passkeys.push((credential_id.to_owned(), output.wrap_key()?));
        Ok(self)
    }

    /// Leaves something out, which deletes it: such as what does not open any more.
    #[must_use]
    pub fn dropping(mut self, place: Place) -> Self {
        self.dropped.insert(place);
        self
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationEvent {
    /// The new seed is safe on this device.
    Kept,
    /// So many records have been read and opened.
    Gathered {
        /// How many.
        records: usize,
    },
    /// Everything is sealed anew, and the commit goes out for the so-manieth time.
    Committing {
        /// Which time, from 1.
        attempt: u32,
    },
    /// Something was written in between, or no answer came; it is done again from what is there now.
    Again,
    /// The server shows the new identity.
    Landed,
}

/// A rotation that took effect.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rotated {
    /// What the person writes down in the place of the old one.
    pub recovery_key: Zeroizing<String>,
    /// The version of the master key.
    pub km_version: i64,
    /// Passkeys that had a recovery slot and have none any more.
    pub lost_slots: Vec<String>,
}

/// What is carried, opened.
struct Gathered {
    blobs: Vec<(String, Plaintext)>,
    /// With the version of the key that is left, and the metadata.
    collections: Vec<(Uuid, u64, Option<Plaintext>)>,
    /// With the collection that each is in.
    points: Vec<(Uuid, u64, Uuid, Plaintext)>,
    dropped: Dropped,
}

impl Account {
    /// Draws the seed of the next rotation, keeps it on this device, and gives its recovery key, so that the person can
    /// write it down before anything depends on it. [`rotate`](Self::rotate) does this by itself otherwise.
    pub async fn prepare_rotation(&self) -> Result<Zeroizing<String>> {
        let mut device = self.device().await;
        self.check_identity(&mut device).await?;
        self.keep_next(&mut device).await?;
        let next = device.next.as_ref().map(|next| next.seed.to_recovery_key());
        next.ok_or(AccountError::NotUnlocked)
    }

    /// Whether a rotation was begun on this device that has not taken effect so far. [`rotate`](Self::rotate) goes on
    /// with it.
    pub async fn is_rotating(&self) -> bool {
        self.device().await.next.is_some()
    }

    /// Puts everything under a new master key.
    ///
    /// All other sessions end, and other devices have to be unlocked anew. `progress` is told how far it is.
    ///
    /// # Errors
    ///
    /// Whatever the error, this device has the seed that holds: [`open`](Self::open) finds out which. A [`Lie`] about a
    /// record stops the rotation before anything is sent; [`Rotation::dropping`] leaves the record behind.
    pub async fn rotate(&self, rotation: &Rotation, progress: impl Fn(RotationEvent) + Shared) -> Result<Rotated> {
        let mut device = self.device().await;
        self.check_identity(&mut device).await?;
        self.keep_next(&mut device).await?;
        progress(RotationEvent::Kept);
        let had_slots = self.checked_slots(&device).await?;
        self.commit(&mut device, rotation, &progress).await?;
        progress(RotationEvent::Landed);
        let kept = |id: &String| rotation.passkeys.iter().any(|(kept, _)| kept == id);
        Ok(Rotated {
            recovery_key: device.seed.to_recovery_key(),
            km_version: device.km_version,
            lost_slots: had_slots.into_iter().filter(|id| !kept(id)).collect(),
        })
    }

    async fn keep_next(&self, device: &mut Device) -> Result<()> {
        if device.next.is_none() {
            device.next = Some(Next {
                seed: random::seed()?,
                from: device.km_version,
            });
        }
        // Also when it was there: an earlier save may have failed.
        self.save(device).await
    }

    async fn commit(
        &self,
        device: &mut Device,
        rotation: &Rotation,
        progress: &(impl Fn(RotationEvent) + Shared),
    ) -> Result<()> {
        let (mut missing, mut conflicts) = (LeftBehind::default(), 0);
        for attempt in 1..=TRIES {
            let (gathered, inventory) = match self.gather(device, rotation, progress).await {
                Ok(gathered) => gathered,
                Err(error) => {
                    // An earlier commit, whose answer was lost, may land while everything is read.
                    self.check_identity(device).await?;
                    return if device.next.is_none() { Ok(()) } else { Err(error) };
                }
            };
            check_missing(&missing, &gathered)?;
            let (request, new_device) = seal_anew(device, &inventory, gathered, rotation)?;
            progress(RotationEvent::Committing { attempt });
            let refusal = match self.client().rotation().commit(&request).await {
                Ok(_) => {
                    self.check_landed(device, new_device).await?;
                    return Ok(());
                }
                Err(error) => error,
            };
            // Whatever was answered, an earlier commit may have landed.
            let shown = self.client().identity().get().await?;
            if shows_keys_of(&shown, &new_device.seed) {
                return self.check_landed(device, new_device).await;
            }
            match refusal.code() {
                // Refuses, when another rotation did come first.
                Some("rotation_conflict") => {
                    self.check_identity(device).await?;
                    conflicts += 1;
                }
                Some("rotation_incomplete") => {
                    missing = refusal
                        .refused()
                        .and_then(|refused| refused.missing.clone())
                        .unwrap_or_default()
                }
                _ if refusal.is_retriable() || is_unknown(&refusal) => {}
                _ => return Err(refusal.into()),
            }
            if attempt == TRIES {
                return Err(match conflicts {
                    TRIES => Lie::ConflictForged.into(),
                    _ => refusal.into(),
                });
            }
            progress(RotationEvent::Again);
            let asked = refusal
                .refused()
                .and_then(|refused| refused.retry_after)
                .unwrap_or(PAUSE);
            if asked > LONGEST_PAUSE {
                return Err(refusal.into());
            }
            sleep(asked).await;
        }
        Err(AccountError::Busy)
    }

    /// Reads and opens everything that there is.
    async fn gather(
        &self,
        device: &mut Device,
        rotation: &Rotation,
        progress: &(impl Fn(RotationEvent) + Shared),
    ) -> Result<(Gathered, Inventory)> {
        let mut inventory = self.inventory(device).await?;
        for _ in 0..TRIES {
            match self.gather_once(device, &inventory, rotation, progress).await {
                Err(suspicion) => self.reread(device, &mut inventory, suspicion).await?,
                Ok(gathered) => return Ok((gathered, inventory)),
            }
        }
        Err(AccountError::Busy)
    }

    async fn gather_once(
        &self,
        device: &Device,
        inventory: &Inventory,
        rotation: &Rotation,
        progress: &(impl Fn(RotationEvent) + Shared),
    ) -> Result<Gathered> {
        // What is dropped may be there or not, and is not opened.
        let mut inventory = inventory.clone();
        rotation.dropped.iter().for_each(|place| inventory.announce(place));
        let (mut blobs, mut collections, mut points) = (Vec::new(), Vec::new(), Vec::new());
        let progress_of = |records| progress(RotationEvent::Gathered { records });
        for blob_type in self.blob_types(device, &inventory).await? {
            // One that was deleted since it was listed is not missing.
            if let Some((opened, _)) = self.read_blob(device, &inventory, &blob_type).await? {
                blobs.push((blob_type, opened));
                progress_of(blobs.len());
            }
        }
        for collection in self.read_collections(device, &inventory).await? {
            for point in self.read_points(device, &inventory, collection.id).await? {
                points.push((collection.id, collection.key_version, point.id, point.content));
            }
            collections.push((collection.id, collection.key_version, collection.metadata));
            progress_of(blobs.len() + collections.len() + points.len());
        }
        let (mut types, mut ids, mut point_ids) = (Vec::new(), Vec::new(), Vec::new());
        for place in inventory.leaving() {
            match place {
                Place::Blob(blob_type) => types.push(blob_type.clone()),
                Place::Collection(id) => ids.push(id.to_string()),
                Place::Point { id, .. } => point_ids.push(id.to_string()),
            }
        }
        // What each device knew is in the inventory by now, and they are all shut out.
        let listed = self
            .client()
            .blobs()
            .list()
            .await?
            .into_iter()
            .map(|entry| entry.blob_type);
        types.extend(listed.filter(|blob_type| blob_type.starts_with(COPY_PREFIX)));
        let dropped = Dropped {
            blobs: Some(types),
            collections: Some(ids),
            points: Some(point_ids),
        };
        Ok(Gathered {
            blobs,
            collections,
            points,
            dropped,
        })
    }

    /// Makes sure that a commit took effect which the server says did, and lets the old seed go.
    async fn check_landed(&self, device: &mut Device, new_device: Device) -> Result<()> {
        let shown = self.client().identity().get().await?;
        let version = self.client().rotation().version().await?;
        if !shows_keys_of(&shown, &new_device.seed) || version != new_device.km_version {
            return Err(Lie::CommitWithheld.into());
        }
        self.take_over(device, new_device).await
    }

    /// A rotation that was cut off turns out to have landed.
    pub(super) async fn land(&self, device: &mut Device, shown: &Identity, version: i64) -> Result<()> {
        let Some(next) = device.next.take() else {
            return Ok(());
        };
        let expected = next.from + 1;
        let mut new_device = Device::new(device.user_id.clone(), next.seed, expected);
        let lands = shows_keys_of(shown, &new_device.seed) && version == expected;
        let done = if lands {
            self.take_over_in(device, &mut new_device).await
        } else {
            Err(Lie::CommitWithheld.into())
        };
        if let Err(error) = done {
            device.next = Some(Next {
                seed: new_device.seed,
                from: expected - 1,
            });
            return Err(error);
        }
        *device = new_device;
        self.save(device).await
    }

    async fn take_over(&self, device: &mut Device, mut new_device: Device) -> Result<()> {
        self.take_over_in(device, &mut new_device).await?;
        *device = new_device;
        self.save(device).await
    }

    /// Makes sure that the inventory opens under the new seed and follows the one that is known.
    async fn take_over_in(&self, device: &Device, new_device: &mut Device) -> Result<()> {
        let given = match self.given_inventory(new_device).await {
            Ok(given) => given,
            // Still under the old seed, or older still.
            Err(AccountError::Lie(_)) => None,
            Err(error) => return Err(error),
        };
        let known = device.inventory.as_ref().map_or(0, Inventory::counter);
        let (given, _) = given
            .filter(|(given, _)| given.counter() > known)
            .ok_or(Lie::CommitWithheld)?;
        new_device.is_registered = true;
        new_device.copy.clone_from(&device.copy);
        new_device.handle.clone_from(&device.handle);
        new_device.to_tell.clone_from(&device.to_tell);
        new_device.inventory = Some(given);
        Ok(())
    }
}

/// Whether nobody knows if the server did what it was asked.
fn is_unknown(error: &ClientError) -> bool {
    match error {
        ClientError::Unexpected { .. } | ClientError::TooLarge { .. } => true,
        error => error.status().is_some_and(|status| status >= 500),
    }
}

/// Seals everything under the next seed; gives the commit, and what this device is once it landed.
fn seal_anew(
    device: &Device,
    old: &Inventory,
    gathered: Gathered,
    rotation: &Rotation,
) -> Result<(RotationRequest, Device)> {
    let next = device.next.as_ref().ok_or(AccountError::NotUnlocked)?;
    // The same bytes, on the heap and wiped like the others.
    let seed = parchment_core::derive::MasterSeed::from_bytes(next.seed.expose());
    let mut anew = Device::new(device.user_id.clone(), seed, next.from + 1);
    let mut inventory = Inventory::new(anew.km_version);
    inventory.follow(old.counter());
    let mut blobs = Vec::new();
    for (blob_type, plaintext) in gathered.blobs {
        let envelope = seal_blob(&anew, &blob_type, plaintext.as_bytes())?;
        inventory.list(&Place::Blob(blob_type.clone()), Mark::of(envelope.as_bytes()));
        blobs.push(RotatedBlob {
            blob_type,
            encrypted_blob: envelope.to_base64(),
        });
    }
    let mut collections = Vec::new();
    for (id, version, metadata) in gathered.collections {
        inventory.list_collection(id, version + 1);
        let Some(metadata) = metadata else { continue };
        let envelope = seal_metadata(&anew, id, version + 1, metadata.as_bytes())?;
        inventory.list(&Place::Collection(id), Mark::of(envelope.as_bytes()));
        collections.push(RotatedCollection {
            id: id.to_string(),
            metadata_encrypted: envelope.to_base64(),
        });
    }
    let mut points = Vec::new();
    for (collection, version, id, content) in gathered.points {
        let key = collection_key(&anew, collection, version + 1)?;
        let envelope = seal_point(&anew, &key, id, content.as_bytes())?;
        inventory.list(&Place::Point { collection, id }, Mark::of(envelope.as_bytes()));
        points.push(RotatedPoint {
            collection_id: collection.to_string(),
            id: id.to_string(),
            encrypted_data: envelope.to_base64(),
        });
    }
    let listed = seal_blob(&anew, BLOB_TYPE, inventory.to_text().as_bytes())?;
    blobs.push(RotatedBlob {
        blob_type: BLOB_TYPE.to_owned(),
        encrypted_blob: listed.to_base64(),
    });
    let wrap = |(credential_id, key): &(String, PrfWrapKey)| slots::wrap(&anew.user_id, &anew.seed, credential_id, key);
    let slots = rotation.passkeys.iter().map(wrap).collect::<Result<Vec<_>>>()?;
    let (signing_key, encryption_key) = (anew.signing_key().to_base64(), anew.encryption_key().to_base64());
    anew.inventory = Some(inventory);
    #[allow(clippy::cast_precision_loss, reason = "versions count rotations")]
    let expected_current = next.from as f64;
    let request = RotationRequest {
        expected_current,
        signing_key,
        encryption_key,
        blobs: Some(blobs),
        collections: Some(collections),
        points: Some(points),
        slots: Some(slots),
        drop: Some(gathered.dropped),
    };
    Ok((request, anew))
}

/// What the server said is missing has to be there after reading again, or it does not exist.
fn check_missing(missing: &LeftBehind, gathered: &Gathered) -> Result<()> {
    let dropped = |list: &Option<Vec<String>>, name: &String| list.as_ref().is_some_and(|list| list.contains(name));
    let blob = |name: &&String| {
        name.as_str() != BLOB_TYPE
            && !name.starts_with(COPY_PREFIX)
            && !gathered.blobs.iter().any(|(carried, _)| carried == *name)
            && !dropped(&gathered.dropped.blobs, name)
    };
    let collection = |name: &&String| {
        !gathered
            .collections
            .iter()
            .any(|(id, _, metadata)| id.to_string() == **name && metadata.is_some())
            && !dropped(&gathered.dropped.collections, name)
    };
    let point = |name: &&String| {
        !gathered.points.iter().any(|(.., id, _)| id.to_string() == **name) && !dropped(&gathered.dropped.points, name)
    };
    let found = missing.blobs.iter().find(blob);
    let found = found.or_else(|| missing.collections.iter().find(collection));
    let found = found.or_else(|| missing.points.iter().find(point));
    match found {
        None => Ok(()),
        Some(what) => Err(Lie::MissingForged { what: what.clone() }.into()),
    }
}
