//! The kinds of record, each with its key and its place.

use super::{Aad, Algorithm};
use crate::{
    derive::{AtRestKey, CanvasKey, CollectionKey, KeyVersion, MetadataKey, PersonalKey, RouteBodyKey, RouteKey, info},
    secret::{Secret32, secret_type},
};

mod closed {
    /// Keeps the kinds of record to those of this crate.
    pub trait Closed {}
}

/// A kind of record: which key seals it, and what it is bound to.
///
/// The kinds are those of this crate; [`RawRecord`] stands for all others.
pub trait Record: closed::Closed {
    /// The only type of key that this kind is sealed under.
    type Key;

    /// What this kind is sealed with unless somebody asks for another.
    const ALGORITHM: Algorithm = Algorithm::Aes256Gcm;

    /// What the record is bound to under this key.
    fn aad<'a>(&'a self, key: &'a Self::Key) -> Aad<'a>;

    /// The bytes of the key.
    fn secret(key: &Self::Key) -> &[u8; 32];
}

/// Implements [`Record`] for a kind: the type of its key, and the four texts it is bound to.
macro_rules! record {
    ($name:ident, $key:ty, |$record:ident, $used:ident| ($user:expr, $type:expr, $id:expr, $context:expr $(,)?)) => {
        record!($name, $key, Algorithm::Aes256Gcm, |$record, $used| (
            $user, $type, $id, $context
        ));
    };
    ($name:ident, $key:ty, $algorithm:expr, |$record:ident, $used:ident| (
        $user:expr, $type:expr, $id:expr, $context:expr $(,)?
    )) => {
        impl closed::Closed for $name<'_> {}

        impl Record for $name<'_> {
            type Key = $key;

            const ALGORITHM: Algorithm = $algorithm;

            fn aad<'a>(&'a self, $used: &'a $key) -> Aad<'a> {
                let $record = self;
                Aad {
                    user_id: $user.into(),
                    record_type: $type.into(),
                    record_id: $id.into(),
                    key_context: $context.into(),
                }
            }

            fn secret(key: &$key) -> &[u8; 32] {
                key.expose()
            }
        }
    };
}

/// A personal blob, such as a user's settings or search history.
#[derive(Debug, Clone, Copy)]
pub struct PersonalBlob<'a> {
    /// Whose it is.
    pub user_id: &'a str,
    /// Which one: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
    pub blob_type: &'a str,
}

record!(PersonalBlob, PersonalKey, |record, _key| (
    record.user_id,
    "personal-blob",
    record.blob_type,
    info::PERSONAL,
));

/// A field of a user's metadata.
#[derive(Debug, Clone, Copy)]
pub struct UserMetadata<'a> {
    /// Whose it is.
    pub user_id: &'a str,
    /// The name of the field.
    pub field: &'a str,
}

record!(UserMetadata, MetadataKey, |record, _key| (
    record.user_id,
    "user-metadata",
    record.field,
    info::METADATA,
));

/// The name and looks of a collection; the key says which collection.
///
/// Under a collection's first key the context is that of metadata; a rotation writes it anew under the next key, and
/// then the context is that of the collection.
#[derive(Debug, Clone, Copy)]
pub struct CollectionMetadata<'a> {
    /// Whose it is.
    pub user_id: &'a str,
}

record!(CollectionMetadata, CollectionKey, |record, key| (
    record.user_id,
    "collection-metadata",
    key.id().as_str(),
    match key.version() {
        KeyVersion::FIRST => "parchment-collection-metadata-v1".to_owned(),
        _ => collection_context(key),
    },
));

/// A point of a collection; the key says which collection.
#[derive(Debug, Clone, Copy)]
pub struct EncryptedPoint<'a> {
    /// Whose it is.
    pub user_id: &'a str,
    /// Which point.
    pub point_id: &'a str,
}

record!(EncryptedPoint, CollectionKey, |record, key| (
    record.user_id,
    "encrypted-point",
    record.point_id,
    collection_context(key),
));

/// The context of what is in a collection, whatever the version of its key.
fn collection_context(key: &CollectionKey) -> String {
    format!("{}{}", info::COLLECTION, key.id().as_str())
}

/// The name and looks of a canvas; the key says which canvas.
#[derive(Debug, Clone, Copy)]
pub struct CanvasMetadata<'a> {
    /// Whose it is.
    pub user_id: &'a str,
}

record!(CanvasMetadata, CanvasKey, |record, key| (
    record.user_id,
    "canvas-metadata",
    key.id(),
    "parchment-canvas-metadata-v1",
));

/// The name and looks of a route; the key says which route.
#[derive(Debug, Clone, Copy)]
pub struct RouteMetadata<'a> {
    /// Whose it is.
    pub user_id: &'a str,
}

record!(RouteMetadata, RouteKey, |record, key| (
    record.user_id,
    "route-metadata",
    key.id(),
    "parchment-route-metadata-v1",
));

/// The way a route goes; the key says which route.
#[derive(Debug, Clone, Copy)]
pub struct RouteBody<'a> {
    /// Whose it is.
    pub user_id: &'a str,
}

record!(RouteBody, RouteBodyKey, |record, key| (
    record.user_id,
    "route-body",
    key.id(),
    "parchment-route-body-v1",
));

/// Something that a server keeps sealed in its own database.
///
/// Sealed with ChaCha20-Poly1305, which is as fast and free of timing differences without help from the processor; read
/// it back with [`Envelope::from_bytes_accepting`](super::Envelope::from_bytes_accepting) and that algorithm alone.
#[derive(Debug, Clone, Copy)]
pub struct AtRest<'a> {
    /// Whose it is, such as a user id.
    pub owner: &'a str,
    /// The table and column it stands in.
    pub table: &'a str,
    /// The row.
    pub row: &'a str,
}

record!(AtRest, AtRestKey, Algorithm::ChaCha20Poly1305, |record, _key| (
    record.owner,
    record.table,
    record.row,
    info::AT_REST,
));

/// A record of a kind that this crate does not know, bound to whatever the caller says.
///
/// Nothing keeps the caller from giving the wrong key or place here; prefer a kind of its own wherever there is one.
#[derive(Debug, Clone)]
pub struct RawRecord<'a>(pub Aad<'a>);

impl closed::Closed for RawRecord<'_> {}

impl Record for RawRecord<'_> {
    type Key = RawKey;

    fn aad<'a>(&'a self, _key: &'a RawKey) -> Aad<'a> {
        self.0.clone()
    }

    fn secret(key: &RawKey) -> &[u8; 32] {
        key.expose()
    }
}

secret_type! {
    /// A key of whatever purpose, for a [`RawRecord`]: 32 bytes (rule 17.17).
    RawKey
}

impl RawKey {
    /// The key of these bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret32::copy_of(bytes))
    }
}
