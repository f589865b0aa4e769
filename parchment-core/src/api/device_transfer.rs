//! Handing the seed from the old device to the new (protocol section 11); the server only relays.

use serde::{Deserialize, Serialize};

use super::Time;

/// `POST /device-transfer`, by the new device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields)
)]
pub struct TransferRequest {
    /// The new device's one-time X25519 key, in base64.
    pub receiver_ephemeral_pub: String,
}

/// A transfer that waits for the old device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct TransferStarted {
    /// Its id, which the old device learns from the QR code.
    pub session_id: String,
    /// When it is over: 60 seconds from its beginning.
    pub expires_at: Time,
}

/// `POST /device-transfer/{id}/upload`, by the old device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields)
)]
pub struct TransferUpload {
    /// The old device's one-time X25519 key, in base64.
    pub sender_ephemeral_pub: String,
    /// The envelope with the seed, in base64.
    pub sealed_seed: String,
    /// The signature of the user's identity over both one-time keys and the session, in base64.
    pub sender_signature: String,
}

/// `GET /device-transfer/{id}`: what the old device uploaded, given out once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct TransferPayload {
    /// The old device's one-time X25519 key, in base64.
    pub sender_ephemeral_pub: String,
    /// The envelope with the seed, in base64.
    pub sealed_seed: String,
    /// The signature of the user's identity over both one-time keys and the session, in base64.
    pub sender_signature: String,
}
