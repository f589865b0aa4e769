//! Collections and the points in them, sealed by the user's clients.

use serde::{Deserialize, Serialize};

use super::Time;

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Collection {
    /// Its id, a UUID.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The envelope with its name and looks, in base64; null until the client wrote one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub metadata_encrypted: Option<String>,
    /// The version of the collection's key that metadata and points are sealed under: 1, and one more with each rotation.
    pub metadata_key_version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When the collection itself last changed.
    pub updated_at: Time,
}

/// `POST /library/collections` and `PUT /library/collections/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct CollectionRequest {
    /// The envelope with name and looks, in base64, at most 64 KiB of bytes. Its place names the collection's id, so a
    /// client makes the collection first and writes this then. Absent leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_encrypted: Option<String>,
}

/// `GET /library/collections/{id}/encrypted-points`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Points {
    /// Oldest first.
    pub points: Vec<Point>,
}

/// A point of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Point {
    /// Its id, a UUID.
    pub id: String,
    /// The collection it is in.
    pub collection_id: String,
    /// The envelope, in base64.
    pub encrypted_data: String,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written.
    pub updated_at: Time,
}

/// `POST /library/collections/{id}/encrypted-points`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct NewPointRequest {
    /// A UUID of the client's choice, in lower case with hyphens, so that the envelope can be bound to it; absent lets
    /// the server choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The envelope, in base64, at most 64 KiB of bytes.
    pub encrypted_data: String,
}

/// `PUT /library/collections/{id}/encrypted-points/{pointId}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields)
)]
pub struct PointRequest {
    /// The envelope, in base64, at most 64 KiB of bytes.
    pub encrypted_data: String,
}
