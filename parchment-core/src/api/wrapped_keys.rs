//! Recovery slots: the master seed, wrapped for a passkey and signed by its owner (protocol section 10).

use serde::{Deserialize, Serialize};

use super::Time;

/// `GET /users/me/wrapped-keys`: the caller's slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Slots {
    /// Oldest first.
    pub slots: Vec<StoredSlot>,
}

/// One slot. Whoever reads it checks the signature before using it: see [`crate::slot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct StoredSlot {
    /// Whose it is.
    pub user_id: String,
    /// The passkey it is wrapped for, in base64url.
    pub credential_id: String,
    /// The envelope with the seed, in base64.
    pub wrapped_km: String,
    /// How it is wrapped: `aes-256-gcm-prf-v1`.
    pub wrap_algo: String,
    /// The owner's signature, in base64.
    pub slot_signature: String,
    /// When there was first a slot for this passkey.
    pub created_at: Time,
    /// When the client last said that it had used it; null before.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_used_at: Option<Time>,
}

/// `POST /users/me/wrapped-keys`, and a slot of a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct SlotRequest {
    /// One of the caller's passkeys, in base64url without padding.
    pub credential_id: String,
    /// The envelope with the seed, in base64, at most 4 KiB of bytes.
    pub wrapped_km: String,
    /// How it is wrapped; `aes-256-gcm-prf-v1`, which is also what absent means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_algo: Option<String>,
    /// The signature of the caller's identity over all of it, in base64.
    pub slot_signature: String,
}
