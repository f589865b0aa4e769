//! Whether a server lives and can work.

use serde::{Deserialize, Serialize};

/// `GET /health/live` and `GET /health/ready`, when it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Health {
    /// Always `ok`.
    pub status: String,
}

impl Health {
    /// It does.
    pub fn ok() -> Self {
        Self {
            status: "ok".to_owned(),
        }
    }
}
