//! The ciphertext envelope: one record, sealed under its own key and bound to its place (protocol sections 8, 14
//! and 17.17).
//!
//! | Bytes | Content |
//! |---|---|
//! | 1 | version, `0x02` |
//! | 1 | [`Algorithm`]: `0x01` AES-256-GCM, `0x02` ChaCha20-Poly1305 |
//! | 12 | nonce, drawn anew for each seal |
//! | any | ciphertext, as long as the plaintext |
//! | 16 | tag |
//!
//! On the wire the whole is standard base64. The two header bytes are not authenticated: a changed one leads to a
//! reader that refuses.
//!
//! # What is bound
//!
//! The associated data ([`Aad`]) say whose record it is, of what type, which one, and what its key is for; each as a
//! big-endian `u16` byte length and the UTF-8 bytes:
//!
//! | Record | Key | User | Type | Id | Key context |
//! |---|---|---|---|---|---|
//! | [`PersonalBlob`] | [`PersonalKey`](crate::derive::PersonalKey) | user id | `personal-blob` | blob type | `parchment-personal-v1` |
//! | [`UserMetadata`] | [`MetadataKey`](crate::derive::MetadataKey) | user id | `user-metadata` | field | `parchment-metadata-v1` |
//! | [`CollectionMetadata`] | [`CollectionKey`](crate::derive::CollectionKey) | user id | `collection-metadata` | collection id | `parchment-collection-metadata-v1`, from version 2 on `parchment-collection-{id}` |
//! | [`EncryptedPoint`] | [`CollectionKey`](crate::derive::CollectionKey) | user id | `encrypted-point` | point id | `parchment-collection-{id}` |
//! | [`CanvasMetadata`] | [`CanvasKey`](crate::derive::CanvasKey) | user id | `canvas-metadata` | canvas id | `parchment-canvas-metadata-v1` |
//! | [`RouteMetadata`] | [`RouteKey`](crate::derive::RouteKey) | user id | `route-metadata` | route id | `parchment-route-metadata-v1` |
//! | [`RouteBody`] | [`RouteBodyKey`](crate::derive::RouteBodyKey) | user id | `route-body` | route id | `parchment-route-body-v1` |
//! | [`AtRest`] | [`AtRestKey`](crate::derive::AtRestKey) | owner | table | row | `parchment-at-rest-v1` |
//!
//! A record type takes its own key and no other, and those that have an id in their key take it from there: what is
//! not in the table cannot be sealed by mistake. Slots, transfers, stored seeds and friend shares have modules of
//! their own: [`crate::slot`], [`crate::transfer`], [`crate::seed_wrap`], [`crate::share`]. For records of others there
//! is [`RawRecord`].
//!
//! ```
//! use parchment_core::{
//!     derive::MasterSeed,
//!     seal::{self, Envelope, PersonalBlob, SealNonce},
//! };
//!
//! let key = MasterSeed::from_bytes(&[7; 32]).personal_key();
//! let place = PersonalBlob { user_id: "user-1", blob_type: "search-history" };
//! // In earnest, from a cryptographic random generator.
//! let nonce = SealNonce::from_bytes([1; 12]);
//! let text = seal::seal(&place, &key, b"[\"caf\xc3\xa9\"]", nonce)?.to_base64();
//!
//! let opened = seal::open(&place, &key, &Envelope::from_base64(&text)?)?;
//! assert_eq!(opened.as_str()?, "[\"café\"]");
//!
//! let elsewhere = PersonalBlob { user_id: "user-1", blob_type: "settings" };
//! assert!(seal::open(&elsewhere, &key, &Envelope::from_base64(&text)?).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aad;
mod cipher;
mod envelope;
mod error;
mod pair;
mod plaintext;
mod record;

pub use aad::Aad;
pub use cipher::{Algorithm, SealNonce};
pub use envelope::{Envelope, Inspection, MIN_BYTES, VERSION, inspect};
pub use error::{FieldTooLong, OpenError, SealError, ShapeError};
pub use pair::{Pair, PairError};
pub use plaintext::Plaintext;
pub use record::{
    AtRest, CanvasMetadata, CollectionMetadata, EncryptedPoint, PersonalBlob, RawKey, RawRecord, Record, RouteBody,
    RouteMetadata, UserMetadata,
};

/// Seals a record under its key, by the algorithm that its type is written with.
///
/// # Errors
///
/// [`SealError`] when a text of the record or the plaintext is too long.
pub fn seal<R: Record>(record: &R, key: &R::Key, plaintext: &[u8], nonce: SealNonce) -> Result<Envelope, SealError> {
    seal_with(R::ALGORITHM, record, key, plaintext, nonce)
}

/// Seals a record by another algorithm, for a reader that announced that it takes it (rule 17.14).
///
/// # Errors
///
/// As [`seal()`].
pub fn seal_with<R: Record>(
    algorithm: Algorithm,
    record: &R,
    key: &R::Key,
    plaintext: &[u8],
    nonce: SealNonce,
) -> Result<Envelope, SealError> {
    seal_bytes(algorithm, &record.aad(key), R::secret(key), plaintext, nonce)
}

/// Opens a record with its key.
///
/// # Errors
///
/// [`OpenError::Unauthentic`] when the envelope was not sealed as this record under this key, or was changed since.
/// Nothing more can be said about it.
pub fn open<R: Record>(record: &R, key: &R::Key, envelope: &Envelope) -> Result<Plaintext, OpenError> {
    open_bytes(&record.aad(key), R::secret(key), envelope)
}

/// Seals under the bytes of a key.
pub(crate) fn seal_bytes(
    algorithm: Algorithm,
    aad: &Aad<'_>,
    key: &[u8; 32],
    plaintext: &[u8],
    nonce: SealNonce,
) -> Result<Envelope, SealError> {
    let aad = aad.encode()?;
    let sealed = cipher::encrypt(algorithm, key, nonce.as_bytes(), &aad, plaintext);
    let sealed = sealed.ok_or(SealError::PlaintextTooLong)?;
    Ok(Envelope::assemble(algorithm, &nonce, &sealed))
}

/// Opens with the bytes of a key.
pub(crate) fn open_bytes(aad: &Aad<'_>, key: &[u8; 32], envelope: &Envelope) -> Result<Plaintext, OpenError> {
    let aad = aad.encode()?;
    cipher::decrypt(envelope.algorithm(), key, envelope.nonce(), &aad, envelope.sealed())
        .map(Plaintext::new)
        .ok_or(OpenError::Unauthentic)
}
