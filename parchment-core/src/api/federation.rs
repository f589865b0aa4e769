//! The inbox, as it is documented.
//!
//! An inbox reads the raw text of a body itself ([`crate::inbox`]): its hash is signed, and a
//! reader that repairs or drops something would change what was signed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `POST /federation/inbox`: a message from a user of the calling server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct InboxMessage {
    /// 2; absent in a legacy message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<f64>,
    /// The kind of message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// 1, which is also what absent means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_version: Option<f64>,
    /// The nonce that was signed: base64 of 16 bytes; absent in a legacy message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The kind of a legacy message.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub type_: Option<String>,
    /// Who says it: a user of the calling server.
    pub from: String,
    /// To whom: a user of this server.
    pub to: String,
    /// When its author signed it: RFC 3339.
    pub timestamp: String,
    /// Base64 of its author's 64-byte signature.
    pub signature: String,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<BTreeMap<String, serde_json::Value>>,
}
