//! The seed as a browser keeps it: sealed under a secret that the server holds for this device (protocol section 13).
//!
//! | What | Value |
//! |---|---|
//! | key | HKDF-SHA-256 of the device's secret, info `parchment-seed-wrap-v1` |
//! | plaintext | the 32 bytes of the seed |
//! | bound to | the device id, `seed-wrap`, `local`, `parchment-seed-wrap-v1` |
//! | stored text | base64 of the envelope ([`crate::seal`]) |
//!
//! Whoever copies the browser's storage has nothing without the secret, and whoever has the server's database nothing
//! without the browser's storage. Signing out everywhere replaces the secrets, and what was stored opens no more.
//!
//! ```
//! use parchment_core::{
//!     derive::MasterSeed,
//!     seal::SealNonce,
//!     seed_wrap::{self, DeviceSecret},
//! };
//!
//! let (seed, device) = (MasterSeed::from_bytes(&[7; 32]), "00000000-0000-4000-8000-000000000001");
//! let key = DeviceSecret::from_bytes(&[9; 32]).wrap_key();
//! // In earnest, the nonce comes from a cryptographic random generator.
//! let stored = seed_wrap::seal(&seed, device, &key, SealNonce::from_bytes([1; 12]))?.to_base64();
//! assert_eq!(seed_wrap::open(&stored, device, &key)?, seed);
//!
//! let rotated = DeviceSecret::from_bytes(&[8; 32]).wrap_key();
//! let error = seed_wrap::open(&stored, device, &rotated).unwrap_err();
//! assert!(error.is_final(), "delete what is stored: it will never open again");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use zeroize::Zeroizing;

use crate::{
    derive::{MasterSeed, SeedWrapKey, info},
    encoding::{self, Base64Error},
    seal::{self, Aad, Algorithm, Envelope, OpenError, SealError, SealNonce, ShapeError},
    secret::secret_traits,
};

/// The secret that a server holds for one device: normally 32 random bytes.
pub struct DeviceSecret(Zeroizing<Vec<u8>>);

secret_traits!(DeviceSecret);

impl DeviceSecret {
    /// The secret of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads the strict base64 that the server answers with.
    pub fn from_base64(text: &str) -> Result<Self, Base64Error> {
        encoding::decode(text).map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The key of the seed that is stored on this device.
    pub fn wrap_key(&self) -> SeedWrapKey {
        SeedWrapKey::derive(&self.0)
    }
}

/// Why a stored seed was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredSeedError {
    /// The stored text is not base64 (rule 17.4): something else wrote it.
    #[error("What is stored on this device is not base64; it was kept as it is.")]
    Undecodable,
    /// It was sealed for another device or secret, or was changed, cut off, or never sealed.
    #[error("The seed on this device cannot be opened any more. Sign in and recover it.")]
    Unusable(OpenError),
    /// It opens, and is no seed of 32 bytes.
    #[error("What is sealed on this device has {found} bytes and is no seed; it was kept as it is.")]
    NotASeed {
        /// How many bytes it has.
        found: usize,
    },
}

impl StoredSeedError {
    /// Whether no later try can succeed, so that the stored text should be deleted.
    ///
    /// When the secret could not be fetched, nothing is known: keep the text and try again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Unusable(_))
    }
}

/// Seals the seed for storage on a device.
///
/// # Errors
///
/// [`SealError::FieldTooLong`] for a device id of more than 65,535 bytes.
pub fn seal(seed: &MasterSeed, device_id: &str, key: &SeedWrapKey, nonce: SealNonce) -> Result<Envelope, SealError> {
    seal::seal_bytes(
        Algorithm::Aes256Gcm,
        &aad(device_id),
        key.expose(),
        seed.expose(),
        nonce,
    )
}

/// Opens what is stored on a device.
///
/// # Errors
///
/// See [`StoredSeedError`]; [`StoredSeedError::is_final`] says whether to delete the text.
pub fn open(stored: &str, device_id: &str, key: &SeedWrapKey) -> Result<MasterSeed, StoredSeedError> {
    let envelope = Envelope::from_base64(stored).map_err(|error| match error {
        ShapeError::Base64 => StoredSeedError::Undecodable,
        error => StoredSeedError::Unusable(error.into()),
    })?;
    let opened = seal::open_bytes(&aad(device_id), key.expose(), &envelope).map_err(StoredSeedError::Unusable)?;
    let found = opened.as_bytes().len();
    let seed = opened.as_bytes().try_into();
    Ok(MasterSeed::from_bytes(
        seed.map_err(|_| StoredSeedError::NotASeed { found })?,
    ))
}

fn aad(device_id: &str) -> Aad<'_> {
    Aad {
        user_id: device_id.into(),
        record_type: "seed-wrap".into(),
        record_id: "local".into(),
        key_context: info::SEED_WRAP.into(),
    }
}
