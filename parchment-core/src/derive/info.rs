//! What each derivation is for, in the text that separates it from all others.

pub(crate) const SIGNING: &str = "parchment-signing-v1";
pub(crate) const ENCRYPTION: &str = "parchment-encryption-v1";
pub(crate) const PERSONAL: &str = "parchment-personal-v1";
pub(crate) const METADATA: &str = "parchment-metadata-v1";
/// Followed by the id.
pub(crate) const COLLECTION: &str = "parchment-collection-";
pub(crate) const SHARE: &str = "parchment-share-v1";
pub(crate) const SHARE_COLLECTION: &str = "parchment-share-collection-v1";
/// Followed by the id of the collection.
pub(crate) const COLLECTION_KEY_WRAP: &str = "parchment-collection-key-wrap:";
pub(crate) const LOCATION: &str = "parchment-location-v1";
pub(crate) const ECIES: &str = "parchment-ecies-v1";
pub(crate) const TRANSFER: &str = "parchment-device-transfer-v1";
pub(crate) const SAS: &str = "parchment-device-sas-v1";
pub(crate) const SAFETY: &str = "parchment-safety-v1";
/// Derived once and for all, into `prf::SALT`.
#[cfg(test)]
pub(crate) const PRF_SALT: &str = "parchment-prf-salt-v2";
pub(crate) const PRF_WRAP: &str = "parchment-prf-wrap-v1";
pub(crate) const SEED_WRAP: &str = "parchment-seed-wrap-v1";
pub(crate) const AT_REST: &str = "parchment-at-rest-v1";
