//! The two documents that a server publishes: its manifest and its users' documents
//! (protocol sections 4, 17.3, 17.10 and 17.16).
//!
//! Both are read with the question in hand: a manifest must be the asked server's, a user
//! document must name the asked handle and an inbox on her server.

use crate::{
    canonical::{self, Object, Value},
    handle::{Handle, Origin, ServerId},
    keys::{AgreementKey, VerifyingKey},
    refusal::{Code, Refusal},
    request::INBOX_PATH,
};

/// Where a server publishes its manifest.
pub const MANIFEST_PATH: &str = "/.well-known/parchment-server";

/// Below this path a server publishes the documents of its users, by alias.
pub const USER_DOCUMENT_PATH: &str = "/.well-known/user/";

/// What is kept of a document is bounded, whoever wrote it; longer texts and further entries are passed over.
const MAX_CAPABILITIES: usize = 64;
const MAX_CAPABILITY: usize = 64;
const MAX_NAME: usize = 256;
const MAX_PICTURE: usize = 2048;

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The server's name.
    pub server_id: ServerId,
    /// The key that signs its requests.
    pub public_key: VerifyingKey,
    /// What it can do beyond the base protocol.
    pub capabilities: Vec<String>,
}

impl Manifest {
    /// The manifest of a server that speaks version 2.
    pub fn new(server_id: ServerId, public_key: VerifyingKey, capabilities: Vec<String>) -> Self {
        Self {
            server_id,
            public_key,
            capabilities,
        }
    }

    /// Reads the manifest that `asked` answered with.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidManifest`]: not JSON, another server's, without a usable key, or without version 2.
    pub fn read(text: &[u8], asked: &ServerId) -> Result<Self, Refusal> {
        let invalid = |detail: &'static str| Refusal::new(Code::InvalidManifest, detail);
        let value = canonical::parse(text).map_err(|error| {
            Refusal::new(Code::InvalidManifest, format!("The manifest is unusable: {error}.")).by_rule(1)
        })?;
        let members = value
            .as_object()
            .ok_or_else(|| invalid("The manifest is not an object."))?;
        if text_of(members, "server_id") != Some(asked.as_str()) {
            return Err(invalid("The manifest's server_id is not the server that was asked.").by_rule(10));
        }
        let speaks_version_2 = members
            .get("protocol_versions")
            .and_then(Value::as_array)
            .is_some_and(|versions| versions.iter().any(|version| version.as_f64() == Some(2.0)));
        if !speaks_version_2 {
            return Err(invalid("The server does not speak protocol version 2."));
        }
        let key = text_of(members, "public_key").ok_or_else(|| invalid("The manifest has no public_key."))?;
        Ok(Self {
            server_id: asked.clone(),
            public_key: VerifyingKey::from_base64(key).map_err(|error| {
                Refusal::new(
                    Code::InvalidManifest,
                    format!("The manifest's public_key is unusable: {error}."),
                )
                .by_rule(3)
            })?,
            capabilities: members
                .get("capabilities")
                .and_then(Value::as_array)
                .unwrap_or_default()
                .iter()
                .filter_map(Value::as_str)
                .filter(|capability| capability.len() <= MAX_CAPABILITY)
                .take(MAX_CAPABILITIES)
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// What a server says of one of its users.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct UserDocument {
    /// Who it is about.
    pub handle: Handle,
    /// The key that signs her messages.
    pub signing_key: VerifyingKey,
    /// The key that friends seal things for, once she has one.
    pub encryption_key: Option<AgreementKey>,
    /// The name she shows.
    pub name: Option<String>,
    /// The picture she shows.
    pub picture: Option<String>,
}

impl UserDocument {
    /// The document of a user without profile.
    pub fn new(handle: Handle, signing_key: VerifyingKey, encryption_key: Option<AgreementKey>) -> Self {
        Self {
            handle,
            signing_key,
            encryption_key,
            name: None,
            picture: None,
        }
    }

    /// Reads the document that the server of `asked` answered with.
    ///
    /// `https` says how that server was reached: its inbox must be reached the same way.
    ///
    /// # Errors
    ///
    /// [`Code::UnknownSender`]: not JSON, about somebody else, an inbox elsewhere, or an unusable key.
    pub fn read(text: &[u8], asked: &Handle, https: bool) -> Result<Self, Refusal> {
        let invalid = |detail: &'static str| Refusal::new(Code::UnknownSender, detail).by_rule(10);
        let value = canonical::parse(text).map_err(|error| {
            Refusal::new(Code::UnknownSender, format!("The user document is unusable: {error}.")).by_rule(1)
        })?;
        let members = value
            .as_object()
            .ok_or_else(|| invalid("The user document is not an object."))?;
        if text_of(members, "handle") != Some(asked.as_str()) {
            return Err(invalid("The user document is not about the handle that was asked for."));
        }
        let inbox = text_of(members, "inbox").and_then(InboxUrl::parse);
        if inbox.is_none_or(|inbox| !asked.is_on(&inbox.server) || inbox.https != https) {
            return Err(invalid("The user document names an inbox that is not her server's."));
        }
        let unusable = |error| {
            Refusal::new(
                Code::UnknownSender,
                format!("The user document holds an unusable key: {error}."),
            )
            .by_rule(3)
        };
        Ok(Self {
            handle: asked.clone(),
            signing_key: VerifyingKey::from_base64(text_of(members, "signingKey").unwrap_or_default())
                .map_err(unusable)?,
            encryption_key: text_of(members, "encryptionKey")
                .filter(|key| !key.is_empty())
                .map(AgreementKey::from_base64)
                .transpose()
                .map_err(unusable)?,
            name: text_of(members, "name")
                .filter(|name| name.len() <= MAX_NAME && !name.contains('\0'))
                .map(str::to_owned),
            picture: text_of(members, "picture")
                .filter(|url| url.len() <= MAX_PICTURE && !url.contains('\0'))
                .map(str::to_owned),
        })
    }
}

/// The address of an inbox: an origin and the one path that inboxes have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxUrl {
    /// Whose inbox it is.
    pub server: ServerId,
    /// Whether it is reached by https.
    pub https: bool,
}

impl InboxUrl {
    /// Reads `https://{server}/federation/inbox`, or the same with http where the server is this very machine.
    pub fn parse(text: &str) -> Option<Self> {
        let origin = Origin::parse(text.strip_suffix(INBOX_PATH)?).ok()?;
        let written_with_scheme = text.contains("://");
        (written_with_scheme && (origin.is_https() || origin.server_id().is_loopback())).then(|| Self {
            server: origin.server_id().clone(),
            https: origin.is_https(),
        })
    }
}

fn text_of<'a>(members: &'a Object, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}
