//! Error bodies.

use serde::{Deserialize, Serialize};

use super::rotation::LeftBehind;

/// What went wrong, for people and for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, skip_serializing_if_is_none)
)]
pub struct ErrorBody {
    /// A sentence for people; it may change.
    pub message: String,
    /// A stable word for programs.
    pub code: String,
    /// The protocol versions this server speaks; given when a server could not be authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_protocol_versions: Option<Vec<u32>>,
    /// What a rotation left behind; given with the code `rotation_incomplete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<LeftBehind>,
}
