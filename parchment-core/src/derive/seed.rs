//! The master seed, and the keys that hang on it alone.

use zeroize::Zeroizing;

use super::{
    CanvasKey, CollectionId, CollectionKey, DeriveError, KeyVersion, RouteBodyKey, RouteKey, collection,
    hkdf::derive_key, info,
};
use crate::{
    encoding,
    keys::{AgreementSecret, SigningKey, VerifyingKey},
    secret::{Secret32, secret_type},
};

secret_type! {
    /// A user's master seed, K_m: 32 bytes that everything of hers is derived from.
    ///
    /// Only her devices ever hold it. As text it is the recovery key that she keeps on paper.
    MasterSeed
}

impl MasterSeed {
    /// The seed of these 32 bytes; draw them from a cryptographic random generator.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret32::copy_of(bytes))
    }

    /// Reads a recovery key as a person types or pastes it: white space around it does not count.
    ///
    /// # Errors
    ///
    /// [`DeriveError::RecoveryKey`] for what is not the strict base64 of 32 bytes (rule 17.4).
    pub fn from_recovery_key(text: &str) -> Result<Self, DeriveError> {
        Self::from_base64(text.trim_matches(is_white_space)).map_err(DeriveError::RecoveryKey)
    }

    /// Reads the strict base64 of 32 bytes, as it stands in slots and transfers.
    pub(crate) fn from_base64(text: &str) -> Result<Self, encoding::Base64Error> {
        let bytes = Zeroizing::new(encoding::decode_array(text)?);
        Ok(Self::from_bytes(&bytes))
    }

    /// The recovery key: 44 characters of base64. Wiped when dropped; show it and let it go.
    pub fn to_recovery_key(&self) -> Zeroizing<String> {
        Zeroizing::new(encoding::encode(self.expose()))
    }

    /// The user's identity: the key that signs for her.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(derive_key(self.expose(), info::SIGNING).as_bytes())
    }

    /// Whether this is the seed of the user who is known by this key.
    pub fn is_of(&self, identity: &VerifyingKey) -> bool {
        self.signing_key().verifying_key() == *identity
    }

    /// The secret half of the key that others seal to her with.
    pub fn encryption_secret(&self) -> AgreementSecret {
        AgreementSecret::from_secret(derive_key(self.expose(), info::ENCRYPTION))
    }

    /// The key of her personal blobs.
    pub fn personal_key(&self) -> PersonalKey {
        PersonalKey(derive_key(self.expose(), info::PERSONAL))
    }

    /// The key of her metadata fields.
    pub fn metadata_key(&self) -> MetadataKey {
        MetadataKey(derive_key(self.expose(), info::METADATA))
    }

    /// The key of a collection in one of its versions.
    pub fn collection_key(&self, id: &CollectionId, version: KeyVersion) -> CollectionKey {
        CollectionKey::derive(self, id, version)
    }

    /// The key of a canvas.
    pub fn canvas_key(&self, id: &str) -> CanvasKey {
        collection::canvas_key(self, id)
    }

    /// The key of a route's metadata.
    pub fn route_key(&self, id: &str) -> RouteKey {
        collection::route_key(self, id)
    }

    /// The key of a route's body.
    pub fn route_body_key(&self, id: &str) -> RouteBodyKey {
        collection::route_body_key(self, id)
    }
}

secret_type! {
    /// The key of a user's personal blobs.
    PersonalKey
}

secret_type! {
    /// The key of a user's metadata fields.
    MetadataKey
}

/// White space as JavaScript trims it: U+FEFF counts, U+0085 does not.
fn is_white_space(c: char) -> bool {
    c == '\u{feff}' || c.is_whitespace() && c != '\u{85}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_key_leads_back_to_the_seed_through_surrounding_space_alone() {
        let seed = MasterSeed::from_bytes(&[0x5a; 32]);
        let text = seed.to_recovery_key();
        assert_eq!(
            MasterSeed::from_recovery_key(&format!("\u{feff} \n{}\t", *text)),
            Ok(seed)
        );
        for wrong in [&text[1..], &format!("{} {}", &text[..20], &text[20..]), &text[..43], ""] {
            assert!(matches!(
                MasterSeed::from_recovery_key(wrong),
                Err(DeriveError::RecoveryKey(_))
            ));
        }
    }

    #[test]
    fn a_seed_knows_whose_it_is() {
        let seed = MasterSeed::from_bytes(&[1; 32]);
        assert!(seed.is_of(&seed.signing_key().verifying_key()));
        assert!(!MasterSeed::from_bytes(&[2; 32]).is_of(&seed.signing_key().verifying_key()));
    }
}
