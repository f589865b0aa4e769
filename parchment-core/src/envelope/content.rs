//! The kinds of message and what each of them carries (protocol section 4, "Handler inputs").

use std::fmt;

use crate::{
    canonical::{Object, Value},
    handle::Alias,
    refusal::{Code, Refusal},
    time::Timestamp,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)*) => {
        /// A kind of message that the protocol knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text in `message_type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The kind that a text names.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// The sender would like to be friends with the recipient.
    FriendInvite = "FRIEND_INVITE";
    /// The sender accepts the recipient's invitation.
    FriendAccept = "FRIEND_ACCEPT";
    /// The sender declines the recipient's invitation.
    FriendReject = "FRIEND_REJECT";
    /// The sender ends everything between the two.
    RelationshipRevoke = "RELATIONSHIP_REVOKE";
    /// The sender's position, sealed for the recipient.
    LocationUpdate = "LOCATION_UPDATE";
    /// The sender asks for the recipient's position.
    LocationRequest = "LOCATION_REQUEST";
    /// The sender shares something of hers.
    ResourceShare = "RESOURCE_SHARE";
    /// An event for clients that are online.
    RealtimeEvent = "REALTIME_EVENT";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a message carries: its kind, and its payload where the protocol fixes one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// See [`Kind::FriendInvite`].
    FriendInvite,
    /// See [`Kind::FriendAccept`].
    FriendAccept,
    /// See [`Kind::FriendReject`].
    FriendReject,
    /// See [`Kind::RelationshipRevoke`].
    RelationshipRevoke,
    /// See [`Kind::LocationUpdate`].
    LocationUpdate(LocationUpdate),
    /// See [`Kind::LocationRequest`].
    LocationRequest,
    /// See [`Kind::ResourceShare`].
    ResourceShare(ResourceShare),
    /// See [`Kind::RealtimeEvent`].
    RealtimeEvent(RealtimeEvent),
}

/// A sealed position.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LocationUpdate {
    /// The ECIES blob in base64 (protocol section 9).
    pub encrypted_location: String,
    /// The time of the position; a receiver takes only newer ones.
    pub nonce: Timestamp,
}

/// Something shared.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ResourceShare {
    /// What is shared, such as `collection`.
    pub resource_type: String,
    /// Its id on the sender's server.
    pub resource_id: String,
    /// The sealed description.
    pub encrypted_data: String,
    /// The nonce that the description was sealed with.
    pub nonce: String,
    /// What the recipient may do with it.
    pub role: ShareRole,
}

/// What the recipient of a share may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareRole {
    /// Read and write.
    Editor,
    /// Read; what anything but `editor` means.
    Viewer,
}

/// An event for clients that are online.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RealtimeEvent {
    /// The name of the event.
    pub event_type: String,
    /// What it carries.
    pub event_payload: Value,
    /// Whom it is for, on the receiving server.
    pub recipient_aliases: Vec<Alias>,
}

impl Content {
    /// Reads what a kind of message carries out of its payload; members beyond that are left alone.
    ///
    /// Nothing is ever taken from outside the payload: what lies there is not part of the meaning.
    pub fn read(kind: Kind, payload: &Object) -> Result<Self, Refusal> {
        Ok(match kind {
            Kind::FriendInvite => Self::FriendInvite,
            Kind::FriendAccept => Self::FriendAccept,
            Kind::FriendReject => Self::FriendReject,
            Kind::RelationshipRevoke => Self::RelationshipRevoke,
            Kind::LocationRequest => Self::LocationRequest,
            Kind::LocationUpdate => Self::LocationUpdate(LocationUpdate {
                encrypted_location: text(payload, "encryptedLocation")?,
                nonce: Timestamp::parse(&text(payload, "nonce")?)
                    .map_err(|_| invalid("payload.nonce is not an RFC 3339 time.").by_rule(5))?,
            }),
            Kind::ResourceShare => Self::ResourceShare(ResourceShare {
                resource_type: text(payload, "resourceType")?,
                resource_id: text(payload, "resourceId")?,
                encrypted_data: text(payload, "encryptedData")?,
                nonce: text(payload, "nonce")?,
                role: match payload.get("role").and_then(Value::as_str) {
                    Some("editor") => ShareRole::Editor,
                    _ => ShareRole::Viewer,
                },
            }),
            Kind::RealtimeEvent => Self::RealtimeEvent(RealtimeEvent {
                event_type: text(payload, "eventType")?,
                event_payload: payload
                    .get("eventPayload")
                    .cloned()
                    .ok_or_else(|| invalid("payload.eventPayload is missing."))?,
                recipient_aliases: payload
                    .get("recipientAliases")
                    .and_then(Value::as_array)
                    .ok_or_else(|| invalid("payload.recipientAliases is not an array."))?
                    .iter()
                    .map(|alias| alias.as_str().and_then(|alias| Alias::parse(alias).ok()))
                    .collect::<Option<_>>()
                    .ok_or_else(|| invalid("payload.recipientAliases holds something that is not an alias."))?,
            }),
        })
    }

    /// The kind of message.
    pub fn kind(&self) -> Kind {
        match self {
            Self::FriendInvite => Kind::FriendInvite,
            Self::FriendAccept => Kind::FriendAccept,
            Self::FriendReject => Kind::FriendReject,
            Self::RelationshipRevoke => Kind::RelationshipRevoke,
            Self::LocationUpdate(_) => Kind::LocationUpdate,
            Self::LocationRequest => Kind::LocationRequest,
            Self::ResourceShare(_) => Kind::ResourceShare,
            Self::RealtimeEvent(_) => Kind::RealtimeEvent,
        }
    }
}

fn invalid(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::InvalidPayload, detail)
}

fn text(payload: &Object, name: &str) -> Result<String, Refusal> {
    payload
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| invalid(format!("payload.{name} is not a text.")))
}
