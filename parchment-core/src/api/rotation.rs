//! Rotation: one commit that puts everything a user keeps under a new master key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::wrapped_keys::SlotRequest;

/// `GET /users/me/km-version`, and what a commit leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct KmVersion {
    /// The version of the caller's master key: 1, and one more with each rotation.
    pub km_version: i64,
}

/// `POST /users/me/km-version/commit`: everything the caller keeps, sealed anew under a new master key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct RotationRequest {
    /// The version that is left, an integer: the commit takes effect only while it is the current one.
    pub expected_current: f64,
    /// The new identity's Ed25519 key, in base64.
    pub signing_key: String,
    /// The new identity's X25519 key, in base64.
    pub encryption_key: String,
    /// Every stored blob, sealed anew; others are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blobs: Option<Vec<RotatedBlob>>,
    /// The metadata of every stored collection that has some, sealed anew under the collection's next key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections: Option<Vec<RotatedCollection>>,
    /// Every stored point, sealed anew under its collection's next key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Vec<RotatedPoint>>,
    /// The new seed, wrapped for the caller's passkeys and signed by the new identity. Slots of other passkeys go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Vec<SlotRequest>>,
    /// What is not taken along, and deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Dropped>,
}

/// A blob under the new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct RotatedBlob {
    /// Which blob.
    pub blob_type: String,
    /// The envelope, in base64, at most 1 MiB of bytes.
    pub encrypted_blob: String,
}

/// The metadata of a collection under the new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct RotatedCollection {
    /// Which collection.
    pub id: String,
    /// The envelope, in base64, at most 64 KiB of bytes.
    pub metadata_encrypted: String,
}

/// A point under the new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct RotatedPoint {
    /// The collection it is in.
    pub collection_id: String,
    /// Which point.
    pub id: String,
    /// The envelope, in base64, at most 64 KiB of bytes.
    pub encrypted_data: String,
}

/// What a commit deletes. What is not there any more counts as deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
// Read as a map: an empty array would do for a struct of which every member may be absent.
#[serde(from = "BTreeMap<Kind, Option<Vec<String>>>")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct Dropped {
    /// Types of blobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blobs: Option<Vec<String>>,
    /// Ids of collections, with all points in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collections: Option<Vec<String>>,
    /// Ids of points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<Vec<String>>,
}

/// The members of [`Dropped`].
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Blobs,
    Collections,
    Points,
}

impl From<BTreeMap<Kind, Option<Vec<String>>>> for Dropped {
    fn from(mut members: BTreeMap<Kind, Option<Vec<String>>>) -> Self {
        let mut member = |kind| members.remove(&kind).flatten();
        Self {
            blobs: member(Kind::Blobs),
            collections: member(Kind::Collections),
            points: member(Kind::Points),
        }
    }
}

/// What a refused commit neither carried nor dropped: nobody could have read it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LeftBehind {
    /// Types of blobs.
    pub blobs: Vec<String>,
    /// Ids of collections whose metadata is missing.
    pub collections: Vec<String>,
    /// Ids of points.
    pub points: Vec<String>,
}
