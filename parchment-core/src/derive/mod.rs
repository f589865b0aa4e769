//! The keys of a user, every one from her master seed, and every one a type of its own (protocol section 7).
//!
//! All derivations are HKDF-SHA-256 (RFC 5869) without a salt; the info text says what the key is for:
//!
//! | Key | From | Info | Made by |
//! |---|---|---|---|
//! | Ed25519 seed | [`MasterSeed`] | `parchment-signing-v1` | [`MasterSeed::signing_key`] |
//! | X25519 secret | [`MasterSeed`] | `parchment-encryption-v1` | [`MasterSeed::encryption_secret`] |
//! | [`PersonalKey`] | [`MasterSeed`] | `parchment-personal-v1` | [`MasterSeed::personal_key`] |
//! | [`MetadataKey`] | [`MasterSeed`] | `parchment-metadata-v1` | [`MasterSeed::metadata_key`] |
//! | [`CollectionKey`], version 1 | [`MasterSeed`] | `parchment-collection-{id}` | [`MasterSeed::collection_key`] |
//! | [`CollectionKey`], version n | [`MasterSeed`] | `parchment-collection-{id}-v{n}` | the same |
//! | [`CanvasKey`], [`RouteKey`], [`RouteBodyKey`] | [`MasterSeed`] | `parchment-collection-canvas:{id}`, `…-route:{id}`, `…-route-body:{id}` | [`MasterSeed::canvas_key`] and so on |
//! | [`StaticShareKey`] | two lasting keys | the [`ShareContext`] | [`StaticShareKey::derive`] |
//! | [`EciesKey`] | one-time key and recipient's key | `parchment-ecies-v1` | [`EciesKey::derive`] |
//! | [`TransferKey`] | two one-time keys | `parchment-device-transfer-v1` | [`TransferKey::derive`] |
//! | [`PrfWrapKey`] | a passkey's PRF output | `parchment-prf-wrap-v1` | [`PrfOutput::wrap_key`](crate::prf::PrfOutput::wrap_key) |
//! | [`SeedWrapKey`] | a device's secret | `parchment-seed-wrap-v1` | [`DeviceSecret::wrap_key`](crate::seed_wrap::DeviceSecret::wrap_key) |
//! | [`AtRestKey`] | a server's own 32 bytes | `parchment-at-rest-v1` | [`AtRestKey::derive`] |
//!
//! The last is this project's own; upstream has no such key. What people compare by eye is derived in the same way:
//! the code of a device transfer (`parchment-device-sas-v1`), safety numbers (`parchment-safety-v1`) and the one salt of
//! all passkeys (`parchment-prf-salt-v2`).
//!
//! No key type can be cloned or printed; all are wiped when dropped and compared in constant time. A key of a
//! collection, canvas or route knows what it is the key of, so that a record cannot be sealed under another's.
//!
//! ```
//! use parchment_core::derive::{CollectionId, KeyVersion, MasterSeed};
//!
//! // In earnest, from a cryptographic random generator.
//! let seed = MasterSeed::from_bytes(&[7; 32]);
//! println!("Write this down: {}", *seed.to_recovery_key());
//!
//! let trips = CollectionId::for_new("Zx81QpLmN0aBcDeFgHiJkLmN")?;
//! let first = seed.collection_key(&trips, KeyVersion::FIRST);
//! let second = seed.collection_key(&trips, KeyVersion::FIRST.next());
//! assert_ne!(first.expose(), second.expose());
//! assert_eq!(format!("{first:?}"), "CollectionKey(secret)");
//! # Ok::<(), parchment_core::derive::DeriveError>(())
//! ```

mod collection;
mod hkdf;
pub(crate) mod info;
mod seed;
mod shared;
mod wrap;

pub use collection::{CanvasKey, CollectionId, CollectionKey, KeyVersion, RouteBodyKey, RouteKey};
pub(crate) use hkdf::derive;
pub use seed::{MasterSeed, MetadataKey, PersonalKey};
pub use shared::{EciesKey, ShareContext, StaticShareKey, TransferKey};
pub use wrap::{AtRestKey, PrfWrapKey, SeedWrapKey};

use crate::encoding::Base64Error;

/// Why a key cannot be derived. The fault is with whoever gave the text or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The recovery key that was typed in is not one.
    #[error("The recovery key is not complete or has a wrong character: {0}.")]
    RecoveryKey(Base64Error),
    /// A version is an integer from 1 to 2^53 − 1 (rule 17.17).
    #[error("The version of a collection key is an integer from 1 to 9007199254740991.")]
    KeyVersion,
    /// The id of a new collection would make its key that of something else (rule 17.13).
    #[error(
        "A new collection cannot have an id that ends in -v and digits or begins with canvas:, route: or route-body:, \
         since other things derive the same key. Choose another id."
    )]
    CollectionId,
    /// A static share cannot be made under the context of another kind of key (rule 17.13).
    #[error("This context belongs to another kind of key and cannot be one of a share. Choose another context.")]
    ShareContext,
}
