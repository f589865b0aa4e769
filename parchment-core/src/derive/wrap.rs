//! Keys that wrap the seed, and the one that a server seals its own secrets with.

use super::{hkdf::derive_key, info};
use crate::secret::secret_type;

secret_type! {
    /// The key of a recovery slot, from a passkey's PRF output.
    PrfWrapKey
}

impl PrfWrapKey {
    /// Whoever calls this has checked that the output is long enough.
    pub(crate) fn derive(output: &[u8]) -> Self {
        Self(derive_key(output, info::PRF_WRAP))
    }
}

secret_type! {
    /// The key of the seed that a browser keeps, from the secret that the server keeps for it.
    SeedWrapKey
}

impl SeedWrapKey {
    pub(crate) fn derive(secret: &[u8]) -> Self {
        Self(derive_key(secret, info::SEED_WRAP))
    }
}

secret_type! {
    /// The key of what a server seals at rest.
    AtRestKey
}

impl AtRestKey {
    /// The key that follows from 32 bytes of the server's configuration, which serve nothing else then.
    pub fn derive(configured: &[u8; 32]) -> Self {
        Self(derive_key(configured, info::AT_REST))
    }
}
