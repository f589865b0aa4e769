//! Friends and invitations.

use serde::{Deserialize, Serialize};

use super::{Time, words::answered_words};

answered_words! {
    /// Whether a friendship stands.
    pub enum FriendStatus {
        /// It stands on both sides.
        Accepted = "accepted",
        /// The caller accepted, and the friend's server has not yet confirmed that it knows.
        Accepting = "accepting",
    }
}

/// A friend of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Friend {
    /// The id of the friendship here.
    pub id: String,
    /// Who the friend is.
    pub friend_handle: String,
    /// The friend's Ed25519 key in base64, as it was when the friendship was made.
    pub friend_signing_key: String,
    /// The friend's X25519 key in base64.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub friend_encryption_key: Option<String>,
    /// The name the friend shows.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub friend_name: Option<String>,
    /// The picture the friend shows.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub friend_picture: Option<String>,
    /// Whether it stands.
    pub status: FriendStatus,
    /// Since when it stands; null while it is being made.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub established_at: Option<Time>,
    /// When the entry was made.
    pub created_at: Time,
}

/// `GET /friends`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Friends {
    /// Oldest first.
    pub friends: Vec<Friend>,
}

/// Who invited whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum Direction {
    /// The caller was invited.
    Incoming,
    /// The caller invited.
    Outgoing,
}

answered_words! {
    /// How far an invitation got.
    pub enum InvitationStatus {
        /// It waits for an answer.
        Pending = "pending",
        /// The other server has not yet confirmed that it knows; invite again to send it again.
        Sending = "sending",
    }
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Invitation {
    /// The id of the invitation here.
    pub id: String,
    /// Who invites.
    pub from_handle: String,
    /// Who is invited.
    pub to_handle: String,
    /// Whether the caller was invited or invited.
    pub direction: Direction,
    /// How far it got.
    pub status: InvitationStatus,
    /// When the entry was made.
    pub created_at: Time,
}

/// `GET /friends/invitations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Invitations {
    /// Oldest first.
    pub invitations: Vec<Invitation>,
}

/// `POST /friends/invite`: invites somebody.
///
/// Towards another server, `signature` is the caller's over a version 2 `FRIEND_INVITE` with
/// payload `{}`, this nonce and this timestamp, all of which are sent on unchanged. Between
/// users of one server the session says enough and a bare signature is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct InviteRequest {
    /// Who is invited.
    pub handle: String,
    /// Base64 of the 64-byte signature.
    pub signature: String,
    /// The nonce that was signed: base64 of 16 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The timestamp that was signed: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// The invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct InviteResponse {
    /// The invitation.
    pub invitation: Invitation,
}

/// The caller's signature under an answer: accept, reject, or the end of a friendship.
///
/// The same as in [`InviteRequest`], over the message type that the operation names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct EnvelopeRequest {
    /// Base64 of the 64-byte signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The nonce that was signed: base64 of 16 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The timestamp that was signed: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// The end of something, which always takes effect here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Ended {
    /// Always true.
    pub success: bool,
    /// Whether the other side was told.
    // Other servers do not say; then nobody knows that it was.
    #[serde(default)]
    pub delivered: bool,
}

impl Ended {
    /// It has ended here.
    pub const fn here(delivered: bool) -> Self {
        Self {
            success: true,
            delivered,
        }
    }
}

/// `POST /friends/sync-keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct SyncResponse {
    /// One result per friend.
    pub results: Vec<SyncResult>,
}

/// What asking a friend's server for current keys and profile gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct SyncResult {
    /// The friend.
    pub handle: String,
    /// Whether the entry here changed.
    pub updated: bool,
    /// Why not, as a stable word; `signing_key_changed` means that the friend must be met anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The caller's signature under the end of something, in the body of a DELETE.
///
/// Over a version 2 `RELATIONSHIP_REVOKE` with payload `{}`; the same three may stand in the query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct RevokeRequest {
    /// Base64 of the 64-byte signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_signature: Option<String>,
    /// The nonce that was signed: base64 of 16 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_nonce: Option<String>,
    /// The timestamp that was signed: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_timestamp: Option<String>,
}
