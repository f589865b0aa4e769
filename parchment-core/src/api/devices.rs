//! What a server keeps for a user's devices (protocol section 13).

use serde::{Deserialize, Serialize};

/// `GET /users/me/devices/{deviceId}/wrap-secret`: what the seed in a browser is wrapped with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct WrapSecret {
    /// 32 random bytes, in base64.
    pub secret: String,
}

// Without the secret.
impl std::fmt::Debug for WrapSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WrapSecret(secret)")
    }
}

/// `POST /users/me/device-wrap-secrets/rotate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct SecretsRotated {
    /// Always true.
    pub ok: bool,
}
