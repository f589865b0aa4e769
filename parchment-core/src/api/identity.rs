//! Who a user is to other servers: alias, keys, reset and revocations.

use serde::{Deserialize, Serialize};

use super::Time;

/// The answer of operations that have nothing else to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Success {
    /// Always true.
    pub success: bool,
}

impl Success {
    /// It worked.
    pub const YES: Self = Self { success: true };
}

/// `GET /users/me/identity`: the caller as others know her.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Identity {
    /// Her handle; null until she has an alias.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub handle: Option<String>,
    /// Her Ed25519 key in base64; null until she registered one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub signing_key: Option<String>,
    /// Her X25519 key in base64; null until she registered one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub encryption_key: Option<String>,
    /// The server id, the part of her handle after the `@`.
    pub domain: String,
}

/// `PATCH /users/me/alias`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, deny_unknown_fields))]
pub struct AliasRequest {
    /// 3 to 30 letters, digits or underscores.
    pub alias: String,
}

/// The alias that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct AliasResponse {
    /// The alias.
    pub alias: String,
    /// The handle that it makes.
    pub handle: String,
}

/// `PUT /users/me/keys`: the public halves of the caller's keys, in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields)
)]
pub struct KeysRequest {
    /// Ed25519, 32 bytes, canonical, not of small order.
    pub signing_key: String,
    /// X25519, 32 bytes, canonical, not of small order.
    pub encryption_key: String,
}

/// What a person has to say before everything of hers is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
pub enum ResetConfirmation {
    /// That she means it.
    #[serde(rename = "erase-all-my-data")]
    #[cfg_attr(feature = "openapi", oai(rename = "erase-all-my-data"))]
    EraseAllMyData,
}

/// `POST /users/me/identity/reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, deny_unknown_fields))]
pub struct ResetRequest {
    /// The words that say she means it.
    pub confirm: ResetConfirmation,
}

/// `GET /users/me/revocations/pending`: whom the caller has still to tell that her old identity is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct PendingRevocations {
    /// Oldest first.
    pub revocations: Vec<PendingRevocation>,
}

/// One handle that has still to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct PendingRevocation {
    /// The id of the entry.
    pub id: String,
    /// Whom to tell.
    pub peer_handle: String,
    /// Since when.
    pub created_at: Time,
}

/// `POST /users/me/revocations/flush`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, deny_unknown_fields))]
pub struct FlushRequest {
    /// One signed message per handle, at most 500.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 500)))]
    pub items: Vec<FlushItem>,
}

/// The caller's own signature over a version 2 `RELATIONSHIP_REVOKE` with payload `{}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct FlushItem {
    /// Whom to tell.
    pub peer_handle: String,
    /// Base64 of the 64-byte signature.
    pub signature: String,
    /// The nonce that was signed: base64 of 16 bytes.
    pub nonce: String,
    /// The timestamp that was signed: RFC 3339.
    pub timestamp: String,
    /// The message version that was signed; 1, which is also what absent means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub message_version: Option<f64>,
}

/// What became of each item, in the order sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct FlushResponse {
    /// One result per item.
    pub results: Vec<FlushResult>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct FlushResult {
    /// Whom to tell.
    pub peer_handle: String,
    /// Whether she is told; then the entry is gone.
    pub delivered: bool,
    /// Why not, as a stable word; `in_progress` while another request is telling her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<String>,
}
