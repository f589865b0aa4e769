//! Personal blobs: whatever a user's clients keep for her, sealed before it leaves them.

use serde::{Deserialize, Serialize};

use super::{Time, text::null_is_default};

/// `GET /me/blobs`: which blobs the caller has, without what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct BlobList {
    /// By their types.
    pub blobs: Vec<BlobEntry>,
}

/// One blob of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct BlobEntry {
    /// What it is, such as `search-history`.
    pub blob_type: String,
    /// The version of the master key that it is sealed under.
    pub km_version: i64,
}

/// `GET /me/blobs/{type}`: one blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Blob {
    /// The envelope, in base64.
    pub encrypted_blob: String,
    /// What the client gave as such; empty, since an envelope holds its nonce.
    #[serde(default, deserialize_with = "null_is_default")]
    pub nonce: String,
    /// The version of the master key that it is sealed under.
    pub km_version: i64,
    /// When it was last written.
    pub updated_at: Time,
}

/// `PUT /me/blobs/{type}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct BlobRequest {
    /// The envelope, in base64; at most 1 MiB of bytes.
    pub encrypted_blob: String,
    /// Kept and given back; an envelope holds its nonce, so clients send an empty text or none. At most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 64)))]
    pub nonce: Option<String>,
    /// The version of the master key that it is sealed under; absent means the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub km_version: Option<i64>,
}
