//! What an account keeps, by name and by digest: the content of the personal blob [`BLOB_TYPE`].
//!
//! The server keeps sealed records and cannot forge one. But it can leave some out, or give an older one of two. Against
//! that the account keeps a list of its own, sealed like everything else:
//!
//! | Member | Content |
//! |---|---|
//! | `v` | 1 |
//! | `counter` | one more with each writing; starts at 1 and goes on through rotations |
//! | `kmVersion` | the version of the master key that everything is sealed under |
//! | `blobs` | for each type of personal blob, but for the inventory itself, its [`Mark`] |
//! | `collections` | for each id: `keyVersion`, `metadata` (a mark, or null) and `points` |
//! | `points` | base64 of 28 bytes each, sorted: the point's UUID and its mark |
//! | `leaving` | the [`Place`]s of what is being deleted, each with the mark that goes |
//! | `was` | base64 of 8 bytes each: the beginnings of the marks of what was replaced or deleted, oldest first |
//!
//! # How it is kept
//!
//! The server's `PUT` compares nothing, so two devices can write at once, and a device can die between two writes. The
//! order of steps makes each of that look like what it is:
//!
//! * **Writing:** the record first, the inventory after it. **Reading:** the inventory first, the record after it. So
//!   what is read is at least as new as what the inventory says. An honest server never gives what `was` lists.
//! * **Deleting:** the inventory first (`leaving`), then the record, then the inventory again. What is in `leaving` may
//!   be there or not.
//! * Whoever has listed what stands at a place looks once more: when it is something else by now, that is listed too.
//! * A record that opens and that the inventory has never heard of was written by a device of the same person: one that
//!   is not done yet, whose inventory was overwritten by another's, or whose program keeps none. It is taken, and
//!   listed with the next writing. This makes concurrent writers converge, and it is the price: a server can give
//!   such a record only while no inventory ever listed it.
//! * Each device remembers the inventory that it knows, and [merges](Inventory::merge) what the server gives into it.
//!   So what one device overwrote of another's is not lost: it is written again with the next writing.
//! * Before a device writes the inventory, it writes the same as a blob of its own, [`COPY_PREFIX`] and an id, which no
//!   other device overwrites. Whoever suspects a lie merges all copies first, and knows what every device knew. A
//!   server that leaves copies out, or gives older ones, has nobody believe it more: merging only adds knowledge.
//! * A counter that goes back says that an account was rolled back, or that a device which was cut off for a while
//!   overwrote the inventory of another. Then everything is looked at: after a rollback something is as `was` lists it,
//!   or missing, and else the newer inventory is written again.
//!
//! A rotation seals everything anew, so `was` begins empty with it; it is bounded by [`MAX_WAS`], beyond which the oldest
//! are forgotten.
//!
//! # What cannot be noticed
//!
//! * By a device that remembers nothing, such as one that was just unlocked: that the whole account is as it once was,
//!   or that there has ever been an inventory.
//! * By anybody: that a record is given as it was before the account had an inventory, or that a writing of a program
//!   that keeps none is left out.
//! * By one device: what another one wrote that the server has shown it nothing of so far.
//!
//! The other way round, [`Lie::Withheld`](super::Lie::Withheld) can be said of an honest server when a device dies after it
//! listed a blob and before it looked again, in the very moment in which another device deletes that blob.
//!
//! ```
//! use parchment_client::account::inventory::{Inventory, Judgement, Mark, Place};
//!
//! let settings = Place::Blob("settings".to_owned());
//! let (first, second) = (Mark::of(b"envelope 1"), Mark::of(b"envelope 2"));
//! let mut inventory = Inventory::new(1);
//! inventory.list(&settings, first);
//! assert_eq!(inventory.judge(&settings, second), Judgement::Unlisted);
//! inventory.list(&settings, second);
//! assert_eq!(inventory.judge(&settings, first), Judgement::Superseded);
//! ```

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use parchment_core::{encoding, nonce::Digest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The type of the personal blob that holds the inventory.
pub const BLOB_TYPE: &str = "parchment.inventory";

/// What the types of blobs begin with that hold what one device wrote last.
pub const COPY_PREFIX: &str = "parchment.inventory.";

/// How many replaced or deleted records are remembered.
pub const MAX_WAS: usize = 4096;

/// Which envelope it is: the first 12 bytes of its SHA-256.
///
/// Only the owner makes envelopes that open, with random nonces, so nobody can look for two with one mark.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; 12]);

impl Mark {
    /// The mark of an envelope's bytes.
    pub fn of(envelope: &[u8]) -> Self {
        let mut mark = [0; 12];
        for (byte, of) in mark.iter_mut().zip(Digest::of(envelope).as_bytes()) {
            *byte = *of;
        }
        Self(mark)
    }

    fn beginning(self) -> Beginning {
        let mut beginning = [0; 8];
        for (byte, of) in beginning.iter_mut().zip(self.0) {
            *byte = of;
        }
        beginning
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({})", encoding::encode(&self.0))
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        encoding::encode(&mark.0)
    }
}

impl TryFrom<String> for Mark {
    type Error = encoding::Base64Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        encoding::decode_array(&text).map(Self)
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from(*self))
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

type Beginning = [u8; 8];

/// Where a sealed record belongs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The personal blob of this type.
    Blob(String),
    /// The collection with this id, and its metadata.
    Collection(Uuid),
    /// A point.
    Point {
        /// The collection it is in.
        collection: Uuid,
        /// Which point.
        id: Uuid,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(blob_type) => write!(f, "the blob {blob_type:?}"),
            Self::Collection(id) => write!(f, "the collection {id}"),
            Self::Point { collection, id } => write!(f, "the point {id} of collection {collection}"),
        }
    }
}

/// What the inventory says of a record that the server gave for a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is the one that belongs there.
    Listed,
    /// Nothing is known of it: whoever could seal it wrote it, and no inventory has listed it yet.
    Unlisted,
    /// It was replaced or deleted.
    Superseded,
    /// It belongs elsewhere.
    Elsewhere(Place),
}

/// A collection, as the inventory lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which of the collection's keys metadata and points are sealed under.
    pub key_version: u64,
    /// Its metadata, if there are some.
    pub metadata: Option<Mark>,
    /// Its points.
    pub points: BTreeMap<Uuid, Mark>,
}

impl Default for Listed {
    fn default() -> Self {
        Self {
            key_version: 1,
            metadata: None,
            points: BTreeMap::new(),
        }
    }
}

/// A text that is no inventory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the inventory cannot be read: {0}")]
pub struct InventoryError(String);

/// The list. See the module for its form and its rules.
///
/// Two are equal when they know the same, in whatever order they came to know what was replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Inventory {
    counter: u64,
    km_version: i64,
    blobs: BTreeMap<String, Mark>,
    collections: BTreeMap<Uuid, Listed>,
    /// With the mark that goes: whoever writes it anew keeps it. Of collections all goes.
    leaving: BTreeMap<Place, Option<Mark>>,
    /// In the order in which they came, and again for looking up.
    was: VecDeque<Beginning>,
    was_index: BTreeSet<Beginning>,
}

impl PartialEq for Inventory {
    fn eq(&self, other: &Self) -> bool {
        let all = |inventory: &Self| (inventory.counter, inventory.km_version);
        all(self) == all(other)
            && self.blobs == other.blobs
            && self.collections == other.collections
            && self.leaving == other.leaving
            && self.was_index == other.was_index
    }
}

impl Eq for Inventory {}

impl Inventory {
    /// The inventory of an account that keeps nothing yet, before it is written for the first time.
    pub fn new(km_version: i64) -> Self {
        Self {
            counter: 0,
            km_version,
            blobs: BTreeMap::new(),
            collections: BTreeMap::new(),
            leaving: BTreeMap::new(),
            was: VecDeque::new(),
            was_index: BTreeSet::new(),
        }
    }

    /// Reads the opened blob.
    ///
    /// # Errors
    ///
    /// [`InventoryError`] for anything that this version did not write.
    pub fn read(text: &str) -> Result<Self, InventoryError> {
        serde_json::from_str(text).map_err(|error| InventoryError(error.to_string()))
    }

    /// The text that is sealed.
    pub fn to_text(&self) -> String {
        // Its members are maps with texts as keys, which JSON has.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How often it was written.
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// Makes this the one after the one with this counter, and after itself.
    pub fn follow(&mut self, counter: u64) {
        self.counter = self.counter.max(counter).saturating_add(1);
    }

    /// The version of the master key that everything listed is sealed under.
    pub fn km_version(&self) -> i64 {
        self.km_version
    }

    /// The types of the blobs that have to be there.
    pub fn blobs(&self) -> impl Iterator<Item = &str> {
        self.blobs
            .keys()
            .map(String::as_str)
            .filter(|blob| !self.is_leaving(&Place::Blob((*blob).to_owned())))
    }

    /// The collections that have to be there.
    pub fn collections(&self) -> impl Iterator<Item = (&Uuid, &Listed)> {
        self.collections
            .iter()
            .filter(|(id, _)| !self.is_leaving(&Place::Collection(**id)))
    }

    /// A collection, also one that is leaving.
    pub fn collection(&self, id: &Uuid) -> Option<&Listed> {
        self.collections.get(id)
    }

    /// The points of a collection that have to be there.
    pub fn points(&self, collection: Uuid) -> impl Iterator<Item = &Uuid> {
        let points = self
            .collections
            .get(&collection)
            .into_iter()
            .flat_map(|listed| listed.points.keys());
        points.filter(move |id| !self.is_leaving(&Place::Point { collection, id: **id }))
    }

    /// Whether something is being deleted.
    pub fn is_leaving(&self, place: &Place) -> bool {
        match place {
            Place::Collection(_) => self.leaving.contains_key(place),
            Place::Point { collection, .. } if self.leaving.contains_key(&Place::Collection(*collection)) => true,
            place => self.leaving.get(place).is_some_and(|mark| *mark == self.mark(place)),
        }
    }

    /// What is being deleted.
    pub fn leaving(&self) -> impl Iterator<Item = &Place> {
        self.leaving.keys().filter(|place| self.is_leaving(place))
    }

    /// What belongs to a place. A collection's is its metadata.
    pub fn mark(&self, place: &Place) -> Option<Mark> {
        match place {
            Place::Blob(blob_type) => self.blobs.get(blob_type).copied(),
            Place::Collection(id) => self.collections.get(id)?.metadata,
            Place::Point { collection, id } => self.collections.get(collection)?.points.get(id).copied(),
        }
    }

    /// What is to be said of a record that was given for a place.
    pub fn judge(&self, place: &Place, mark: Mark) -> Judgement {
        if self.mark(place) == Some(mark) {
            return Judgement::Listed;
        }
        if self.was_index.contains(&mark.beginning()) {
            return Judgement::Superseded;
        }
        self.find(mark).map_or(Judgement::Unlisted, Judgement::Elsewhere)
    }

    fn find(&self, mark: Mark) -> Option<Place> {
        if let Some((blob_type, _)) = self.blobs.iter().find(|(_, listed)| **listed == mark) {
            return Some(Place::Blob(blob_type.clone()));
        }
        self.collections.iter().find_map(|(id, listed)| {
            if listed.metadata == Some(mark) {
                return Some(Place::Collection(*id));
            }
            let (point, _) = listed.points.iter().find(|(_, point)| **point == mark)?;
            Some(Place::Point {
                collection: *id,
                id: *point,
            })
        })
    }

    /// The collection that a point is listed in.
    pub fn collection_of(&self, point: &Uuid) -> Option<Uuid> {
        let found = self
            .collections
            .iter()
            .find(|(_, listed)| listed.points.contains_key(point));
        found.map(|(id, _)| *id)
    }

    /// Lists a collection, with the version of its key; one that was deleted stays so.
    pub fn list_collection(&mut self, id: Uuid, key_version: u64) {
        if !self.was_id(id) {
            self.collections.entry(id).or_default().key_version = key_version;
        }
    }

    /// Lists what was seen at a place (none: nothing), by somebody who knew this mark for it before looking.
    ///
    /// When another mark is listed by now, nothing is done: somebody else wrote, and it is to be looked at again.
    pub fn settle(&mut self, place: &Place, known: Option<Mark>, seen: Option<Mark>) {
        let listed = self.mark(place);
        match seen {
            _ if listed != known && listed != seen => {}
            Some(mark) => self.list(place, mark),
            None => self.delete(place),
        }
    }

    /// Lists what now belongs to a place; what was there before was replaced. What was replaced or deleted stays so.
    pub fn list(&mut self, place: &Place, mark: Mark) {
        match place {
            _ if self.was_index.contains(&mark.beginning()) => return,
            Place::Collection(id) if self.was_id(*id) => return,
            Place::Point { collection, id } if self.was_id(*collection) || self.was_id(*id) => return,
            _ => {}
        }
        let before = match place {
            Place::Blob(blob_type) => self.blobs.insert(blob_type.clone(), mark),
            Place::Collection(id) => self.collections.entry(*id).or_default().metadata.replace(mark),
            Place::Point { collection, id } => self
                .collections
                .entry(*collection)
                .or_default()
                .points
                .insert(*id, mark),
        };
        self.leaving.remove(place);
        if let Some(before) = before.filter(|before| *before != mark) {
            self.retire(before);
        }
    }

    /// Remembers that a record was replaced or deleted, or lost a race.
    pub fn retire(&mut self, mark: Mark) {
        self.push_was(mark.beginning());
    }

    /// Takes the place of what was known before: whatever is listed there and not here is gone.
    pub fn replace(&mut self, before: &Self) {
        let here: BTreeSet<Beginning> = self.marks().map(Mark::beginning).collect();
        let gone = before.marks().map(Mark::beginning).chain(before.was.iter().copied());
        for was in gone.filter(|was| !here.contains(was)) {
            self.push_was(was);
        }
        for (id, listed) in &before.collections {
            let kept = self.collections.get(id);
            let points = listed
                .points
                .keys()
                .filter(|point| kept.is_none_or(|kept| !kept.points.contains_key(*point)));
            let gone: Vec<Uuid> = points.chain(kept.is_none().then_some(id)).copied().collect();
            gone.into_iter().for_each(|id| self.retire(id_mark(id)));
        }
    }

    fn marks(&self) -> impl Iterator<Item = Mark> {
        let collections = self.collections.values();
        let records = collections.flat_map(|listed| listed.metadata.iter().chain(listed.points.values()));
        self.blobs.values().chain(records).copied()
    }

    /// Says that something is about to be deleted.
    pub fn announce(&mut self, place: &Place) {
        let mark = match place {
            Place::Collection(_) => None,
            place => self.mark(place),
        };
        self.leaving.insert(place.clone(), mark);
    }

    /// Takes something off the list; a collection with all its points.
    pub fn delete(&mut self, place: &Place) {
        self.leaving.remove(place);
        match place {
            Place::Blob(blob_type) => {
                let gone = self.blobs.remove(blob_type);
                gone.into_iter().for_each(|mark| self.retire(mark));
            }
            Place::Collection(id) => {
                let gone = self.collections.remove(id).unwrap_or_default();
                self.leaving
                    .retain(|place, _| !matches!(place, Place::Point { collection, .. } if collection == id));
                let gone = gone.metadata.into_iter().chain(gone.points.into_values());
                gone.chain([id_mark(*id)]).for_each(|mark| self.retire(mark));
            }
            Place::Point { collection, id } => {
                let listed = self.collections.get_mut(collection);
                let gone = listed.and_then(|listed| listed.points.remove(id));
                let gone = gone.into_iter().chain([id_mark(*id)]);
                gone.for_each(|mark| self.retire(mark));
            }
        }
    }

    /// What is known once both are: this, which a device knew, and what the server gave now.
    ///
    /// What either knows to have been replaced or deleted is. Where they differ and neither knows better, two devices
    /// wrote at once; then the one with the larger counter is right until somebody looks at the record.
    #[must_use]
    pub fn merge(&self, given: &Self) -> Self {
        let (older, newer) = if self.counter > given.counter {
            (given, self)
        } else {
            (self, given)
        };
        let mut merged = Self::new(newer.km_version);
        merged.counter = newer.counter;
        for was in older.was.iter().chain(&newer.was) {
            merged.push_was(*was);
        }
        let gone =
            |mark: Mark| older.was_index.contains(&mark.beginning()) || newer.was_index.contains(&mark.beginning());
        let pick = |newer: Option<Mark>, older: Option<Mark>| {
            newer.filter(|mark| !gone(*mark)).or(older.filter(|mark| !gone(*mark)))
        };
        for blob_type in older.blobs.keys().chain(newer.blobs.keys()) {
            if let Some(mark) = pick(newer.blobs.get(blob_type).copied(), older.blobs.get(blob_type).copied()) {
                merged.blobs.insert(blob_type.clone(), mark);
            }
        }
        let nothing = Listed::default();
        let ids: BTreeSet<&Uuid> = older.collections.keys().chain(newer.collections.keys()).collect();
        for id in ids {
            if older.was_id(*id) || newer.was_id(*id) {
                continue;
            }
            let sides = [newer, older].map(|side| side.collections.get(id).unwrap_or(&nothing));
            let [of_newer, of_older] = sides;
            let mut listed = Listed {
                key_version: of_newer.key_version.max(of_older.key_version),
                metadata: pick(of_newer.metadata, of_older.metadata),
                points: BTreeMap::new(),
            };
            for point in of_older.points.keys().chain(of_newer.points.keys()) {
                if let Some(mark) = pick(of_newer.points.get(point).copied(), of_older.points.get(point).copied()) {
                    listed.points.insert(*point, mark);
                }
            }
            merged.collections.insert(*id, listed);
        }
        for (place, mark) in older.leaving.iter().chain(&newer.leaving) {
            let stays = match place {
                Place::Collection(id) => merged.collections.contains_key(id),
                // Of two that announced it, one knew what is there.
                place => mark.is_some() && merged.mark(place) == *mark,
            };
            if stays {
                merged.leaving.insert(place.clone(), *mark);
            }
        }
        merged
    }

    /// Whether there was a collection or point with this id that was deleted.
    pub fn was_id(&self, id: Uuid) -> bool {
        self.was_index.contains(&id_mark(id).beginning())
    }

    fn push_was(&mut self, beginning: Beginning) {
        if self.was_index.insert(beginning) {
            self.was.push_back(beginning);
        }
        while self.was.len() > MAX_WAS {
            if let Some(oldest) = self.was.pop_front() {
                self.was_index.remove(&oldest);
            }
        }
    }
}

/// Stands in `was` for a collection or point that was deleted: ids are never given again.
fn id_mark(id: Uuid) -> Mark {
    Mark::of(id.as_bytes())
}

/// The form in JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    v: u32,
    counter: u64,
    km_version: i64,
    blobs: BTreeMap<String, Mark>,
    collections: BTreeMap<Uuid, WrittenCollection>,
    #[serde(default)]
    leaving: Vec<(Place, Option<Mark>)>,
    #[serde(default)]
    was: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenCollection {
    key_version: u64,
    metadata: Option<Mark>,
    points: String,
}

impl From<Inventory> for Written {
    fn from(inventory: Inventory) -> Self {
        let collections = inventory.collections.into_iter().map(|(id, listed)| {
            let points: Vec<u8> = listed
                .points
                .iter()
                .flat_map(|(id, mark)| id.as_bytes().iter().chain(&mark.0))
                .copied()
                .collect();
            let written = WrittenCollection {
                key_version: listed.key_version,
                metadata: listed.metadata,
                points: encoding::encode(&points),
            };
            (id, written)
        });
        let was: Vec<u8> = inventory.was.iter().flatten().copied().collect();
        Self {
            v: 1,
            counter: inventory.counter,
            km_version: inventory.km_version,
            blobs: inventory.blobs,
            collections: collections.collect(),
            leaving: inventory.leaving.into_iter().collect(),
            was: encoding::encode(&was),
        }
    }
}

impl TryFrom<Written> for Inventory {
    type Error = InventoryError;

    fn try_from(written: Written) -> Result<Self, InventoryError> {
        if written.v != 1 {
            return Err(InventoryError(format!(
                "version {} is not known here; update this program",
                written.v
            )));
        }
        let base64 = |text: &str| encoding::decode(text).map_err(|error| InventoryError(error.to_string()));
        let mut collections = BTreeMap::new();
        for (id, collection) in written.collections {
            let bytes = base64(&collection.points)?;
            let (entries, rest) = bytes.as_chunks::<28>();
            if !rest.is_empty() {
                return Err(InventoryError("a list of points breaks off".to_owned()));
            }
            let points = entries.iter().map(read_point).collect();
            let listed = Listed {
                key_version: collection.key_version,
                metadata: collection.metadata,
                points,
            };
            collections.insert(id, listed);
        }
        let was = base64(&written.was)?;
        let (was, rest) = was.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(InventoryError("the list of what was breaks off".to_owned()));
        }
        Ok(Self {
            counter: written.counter,
            km_version: written.km_version,
            blobs: written.blobs,
            collections,
            leaving: written.leaving.into_iter().collect(),
            was: was.iter().copied().collect(),
            was_index: was.iter().copied().collect(),
        })
    }
}

fn read_point(entry: &[u8; 28]) -> (Uuid, Mark) {
    let (mut id, mut mark) = ([0; 16], [0; 12]);
    for (byte, of) in id.iter_mut().chain(&mut mark).zip(entry) {
        *byte = *of;
    }
    (Uuid::from_bytes(id), Mark(mark))
}
