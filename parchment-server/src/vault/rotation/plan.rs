//! What a commit carries, checked as far as it can be without looking at what is stored.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::Hash,
};

use parchment_core::{
    api::rotation::{Dropped, RotatedBlob, RotatedCollection, RotatedPoint, RotationRequest},
    keys::{AgreementKey, KeyError, VerifyingKey},
    limits,
};
use sea_orm::prelude::Uuid;

use crate::{
    http::problem::Problem,
    vault::{blobs, sealed, slots::NewSlot},
};

/// A commit, ready to be held against what is stored.
#[derive(Clone)]
pub struct Plan {
    expected_current: i64,
    pub(super) signing: VerifyingKey,
    pub(super) encryption: AgreementKey,
    pub(super) blobs: BTreeMap<String, Vec<u8>>,
    pub(super) collections: HashMap<Uuid, Vec<u8>>,
    pub(super) points: HashMap<Uuid, Point>,
    pub(super) slots: Vec<NewSlot>,
    pub(super) dropped: Drops,
}

/// A point under the new key.
#[derive(Clone)]
pub(super) struct Point {
    pub(super) collection_id: Uuid,
    pub(super) sealed: Vec<u8>,
}

/// What is deleted.
#[derive(Clone)]
pub(super) struct Drops {
    pub(super) blobs: HashSet<String>,
    pub(super) collections: HashSet<Uuid>,
    pub(super) points: HashSet<Uuid>,
}

impl Plan {
    /// Reads a commit of a user.
    ///
    /// # Errors
    ///
    /// 422 with what does not fit: a key, an envelope, a slot that the new identity did not sign, something named twice
    /// or both carried and dropped, an id that is none; 400 for no type of a blob; 413 for an envelope that is too long.
    pub fn read(request: RotationRequest, user_id: Uuid) -> Result<Self, Problem> {
        check_counts(&request)?;
        let unusable = |name: &'static str| {
            move |error: KeyError| Problem::unprocessable("invalid_key", format!("The {name} is unusable: {error}."))
        };
        let signing = VerifyingKey::from_base64(&request.signing_key).map_err(unusable("signingKey"))?;
        let encryption = AgreementKey::from_base64(&request.encryption_key).map_err(unusable("encryptionKey"))?;
        let plan = Self {
            expected_current: read_version(request.expected_current)?,
            signing,
            encryption,
            blobs: read_blobs(request.blobs.unwrap_or_default())?,
            collections: read_collections(request.collections.unwrap_or_default())?,
            points: read_points(request.points.unwrap_or_default())?,
            slots: Vec::new(),
            dropped: read_drops(request.drop.unwrap_or_default())?,
        };
        plan.check_contradictions()?;
        let mut slots = Vec::new();
        let mut credentials = HashSet::new();
        for (index, slot) in request.slots.unwrap_or_default().into_iter().enumerate() {
            let slot = NewSlot::read(slot)?;
            slot.check_signed(user_id, &signing)?;
            once(&mut credentials, slot.credential_id().to_vec(), || {
                format!("slots[{index}]")
            })?;
            slots.push(slot);
        }
        Ok(Self { slots, ..plan })
    }

    /// The version that is left.
    pub fn expected_current(&self) -> i64 {
        self.expected_current
    }

    /// The passkeys that there are slots for.
    pub(super) fn credentials(&self) -> impl Iterator<Item = &[u8]> {
        self.slots.iter().map(NewSlot::credential_id)
    }

    /// Refuses what is both carried and dropped: one of the two was not meant.
    fn check_contradictions(&self) -> Result<(), Problem> {
        let refuse = |what: String| Err(Problem::invalid_body(format!("drop: {what} is also carried")));
        if let Some(blob) = self.blobs.keys().find(|blob| self.dropped.blobs.contains(*blob)) {
            return refuse(format!("the blob {blob}"));
        }
        if let Some(id) = self.collections.keys().find(|id| self.dropped.collections.contains(id)) {
            return refuse(format!("the collection {id}"));
        }
        let twice = |(id, point): &(&Uuid, &Point)| {
            self.dropped.points.contains(id) || self.dropped.collections.contains(&point.collection_id)
        };
        if let Some((id, _)) = self.points.iter().find(twice) {
            return refuse(format!("the point {id}"));
        }
        Ok(())
    }
}

/// Refuses more of anything than a user can have, before any of it is looked at.
fn check_counts(request: &RotationRequest) -> Result<(), Problem> {
    fn count<T>(list: Option<&Vec<T>>) -> usize {
        list.map_or(0, Vec::len)
    }
    let drop = request.drop.as_ref();
    let counts = [
        ("blobs", count(request.blobs.as_ref()), limits::BLOBS_PER_USER),
        (
            "collections",
            count(request.collections.as_ref()),
            limits::COLLECTIONS_PER_USER,
        ),
        ("points", count(request.points.as_ref()), limits::POINTS_PER_USER),
        ("slots", count(request.slots.as_ref()), limits::PASSKEYS_PER_USER),
        (
            "drop.blobs",
            count(drop.and_then(|drop| drop.blobs.as_ref())),
            limits::BLOBS_PER_USER,
        ),
        (
            "drop.collections",
            count(drop.and_then(|drop| drop.collections.as_ref())),
            limits::COLLECTIONS_PER_USER,
        ),
        (
            "drop.points",
            count(drop.and_then(|drop| drop.points.as_ref())),
            limits::POINTS_PER_USER,
        ),
    ];
    let too_many = counts.into_iter().find(|(_, count, most)| *count > *most as usize);
    match too_many {
        None => Ok(()),
        Some((member, _, most)) => Err(Problem::invalid_body(format!(
            "{member}: nobody can have more than {most}"
        ))),
    }
}

/// The wire has a number; a version is an integer from 1.
#[allow(clippy::cast_possible_truncation, reason = "it is an integer below 2^53")]
pub(super) fn read_version(number: f64) -> Result<i64, Problem> {
    if number.fract() == 0.0 && (1.0..=9_007_199_254_740_991.0).contains(&number) {
        return Ok(number as i64);
    }
    Err(Problem::invalid_body("expectedCurrent: an integer from 1 is expected"))
}

fn read_blobs(carried: Vec<RotatedBlob>) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let mut blobs = BTreeMap::new();
    for (index, blob) in carried.into_iter().enumerate() {
        blobs::check_type(&blob.blob_type)?;
        let member = || format!("blobs[{index}].encryptedBlob");
        let sealed = read_sealed(&blob.encrypted_blob, limits::BLOB_BYTES, member)?;
        if blobs.insert(blob.blob_type, sealed).is_some() {
            return Err(named_twice(&format!("blobs[{index}]")));
        }
    }
    Ok(blobs)
}

fn read_collections(carried: Vec<RotatedCollection>) -> Result<HashMap<Uuid, Vec<u8>>, Problem> {
    let mut collections = HashMap::new();
    for (index, collection) in carried.into_iter().enumerate() {
        let id = collection.id.parse().map_err(|_| unknown_collection(&collection.id))?;
        let member = || format!("collections[{index}].metadataEncrypted");
        let sealed = read_sealed(&collection.metadata_encrypted, limits::POINT_BYTES, member)?;
        if collections.insert(id, sealed).is_some() {
            return Err(named_twice(&format!("collections[{index}]")));
        }
    }
    Ok(collections)
}

fn read_points(carried: Vec<RotatedPoint>) -> Result<HashMap<Uuid, Point>, Problem> {
    let mut points = HashMap::new();
    for (index, point) in carried.into_iter().enumerate() {
        let member = || format!("points[{index}].encryptedData");
        let read = Point {
            collection_id: point
                .collection_id
                .parse()
                .map_err(|_| unknown_collection(&point.collection_id))?,
            sealed: read_sealed(&point.encrypted_data, limits::POINT_BYTES, member)?,
        };
        let id = point.id.parse().map_err(|_| unknown_point(&point.id))?;
        if points.insert(id, read).is_some() {
            return Err(named_twice(&format!("points[{index}]")));
        }
    }
    Ok(points)
}

fn read_drops(dropped: Dropped) -> Result<Drops, Problem> {
    // What is no id names nothing, and what is not there counts as dropped; but nobody writes that on purpose.
    let ids = |texts: Option<Vec<String>>, member: &str| {
        let read = |text: String| {
            text.parse::<Uuid>()
                .map_err(|_| Problem::invalid_body(format!("drop.{member}: ids are expected")))
        };
        texts
            .unwrap_or_default()
            .into_iter()
            .map(read)
            .collect::<Result<HashSet<Uuid>, Problem>>()
    };
    Ok(Drops {
        blobs: dropped.blobs.unwrap_or_default().into_iter().collect(),
        collections: ids(dropped.collections, "collections")?,
        points: ids(dropped.points, "points")?,
    })
}

/// As [`sealed::read`], with the place made up only where it is needed.
fn read_sealed(text: &str, limit: usize, member: impl Fn() -> String) -> Result<Vec<u8>, Problem> {
    sealed::read(text, limit, "").or_else(|_| sealed::read(text, limit, &member()))
}

fn once<T: Eq + Hash>(seen: &mut HashSet<T>, item: T, place: impl Fn() -> String) -> Result<(), Problem> {
    if seen.insert(item) {
        return Ok(());
    }
    Err(named_twice(&place()))
}

fn named_twice(place: &str) -> Problem {
    Problem::invalid_body(format!("{place}: this was named before"))
}

/// 422 `unknown_collection`.
pub(super) fn unknown_collection(id: impl std::fmt::Display) -> Problem {
    Problem::unprocessable("unknown_collection", shortened(format!("You have no collection {id}")))
}

/// 422 `unknown_point`.
pub(super) fn unknown_point(id: impl std::fmt::Display) -> Problem {
    Problem::unprocessable("unknown_point", shortened(format!("You have no point {id}")))
}

fn shortened(sentence: String) -> String {
    format!("{}.", crate::http::problem::plain(&sentence))
}
