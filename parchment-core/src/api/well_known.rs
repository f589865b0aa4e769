//! The documents that a server publishes.

use serde::{Deserialize, Serialize};

use super::text::null_is_default;
use crate::{
    handle::Origin,
    manifest::{Manifest, UserDocument},
    request::INBOX_PATH,
};

/// `GET /.well-known/parchment-server`: what the server says of itself (protocol section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct ManifestDocument {
    /// The server's name.
    pub server_id: String,
    /// The Ed25519 key that signs its requests, in base64.
    pub public_key: String,
    /// The protocol versions it speaks.
    pub protocol_versions: Vec<u32>,
    /// The oldest of them.
    pub minimum_protocol_version: u32,
    /// What it can do beyond the base protocol.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Kept for later versions of the protocol; null.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub key_transparency_anchor: Option<String>,
}

impl From<&Manifest> for ManifestDocument {
    fn from(manifest: &Manifest) -> Self {
        Self {
            server_id: manifest.server_id.to_string(),
            public_key: manifest.public_key.to_base64(),
            protocol_versions: vec![2],
            minimum_protocol_version: 2,
            capabilities: manifest.capabilities.clone(),
            key_transparency_anchor: None,
        }
    }
}

/// `GET /.well-known/user/{alias}`: what the server says of a user (protocol section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", skip_serializing_if_is_none)
)]
pub struct UserDocumentBody {
    /// Who it is about.
    pub handle: String,
    /// The Ed25519 key that signs her messages, in base64.
    pub signing_key: String,
    /// The X25519 key that friends seal things for, in base64; empty until she has one.
    #[serde(default, deserialize_with = "null_is_default")]
    pub encryption_key: String,
    /// Where her server takes messages.
    pub inbox: String,
    /// The name she shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The picture she shows, a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl UserDocumentBody {
    /// The document of a user who lives at `origin`.
    pub fn new(user: &UserDocument, origin: &Origin) -> Self {
        Self {
            handle: user.handle.to_string(),
            signing_key: user.signing_key.to_base64(),
            encryption_key: user.encryption_key.map(|key| key.to_base64()).unwrap_or_default(),
            inbox: format!("{origin}{INBOX_PATH}"),
            name: user.name.clone(),
            picture: user.picture.clone(),
        }
    }
}
