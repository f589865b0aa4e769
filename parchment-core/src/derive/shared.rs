//! Keys that two parties have in common.

use std::borrow::Cow;

use super::{DeriveError, hkdf::derive_key, info};
use crate::{keys::SharedSecret, secret::secret_type};

/// What a static share is for: the info text of its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShareContext(Cow<'static, str>);

impl ShareContext {
    /// `parchment-share-v1`: what upstream takes when nothing is said.
    pub const DEFAULT: Self = Self(Cow::Borrowed(info::SHARE));
    /// `parchment-share-collection-v1`: the description of a shared collection.
    pub const COLLECTION: Self = Self(Cow::Borrowed(info::SHARE_COLLECTION));
    /// `parchment-location-v1`: positions as they were once shared; for reading what is left of them.
    pub const LOCATION: Self = Self(Cow::Borrowed(info::LOCATION));

    /// `parchment-collection-key-wrap:{id}`: the key of a shared collection.
    pub fn collection_key_wrap(id: &super::CollectionId) -> Self {
        Self(format!("{}{}", info::COLLECTION_KEY_WRAP, id.as_str()).into())
    }

    /// Any other context that two programs agreed on.
    ///
    /// # Errors
    ///
    /// [`DeriveError::ShareContext`] for one that makes other keys from shared secrets (rule 17.13).
    pub fn other(text: &str) -> Result<Self, DeriveError> {
        if [info::ECIES, info::TRANSFER].contains(&text) {
            return Err(DeriveError::ShareContext);
        }
        Ok(Self(text.to_owned().into()))
    }

    /// The context as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

secret_type! {
    /// The key of the static form of sharing, always the same for two users and a context.
    StaticShareKey
}

impl StaticShareKey {
    /// The key of two users' lasting keys for one context.
    pub fn derive(shared: &SharedSecret, context: &ShareContext) -> Self {
        Self(derive_key(shared.expose(), context.as_str()))
    }
}

secret_type! {
    /// The key of one friend share.
    EciesKey
}

impl EciesKey {
    /// The key of a one-time key and the recipient's.
    pub fn derive(shared: &SharedSecret) -> Self {
        Self(derive_key(shared.expose(), info::ECIES))
    }
}

secret_type! {
    /// The key of one device transfer.
    TransferKey
}

impl TransferKey {
    /// The key of the two devices' one-time keys.
    pub fn derive(shared: &SharedSecret) -> Self {
        Self(derive_key(shared.expose(), info::TRANSFER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_cannot_take_the_context_of_another_kind_of_key() {
        for text in ["parchment-ecies-v1", "parchment-device-transfer-v1"] {
            assert_eq!(ShareContext::other(text), Err(DeriveError::ShareContext), "{text}");
        }
        assert_eq!(ShareContext::other("parchment-share-v1"), Ok(ShareContext::DEFAULT));
    }
}
