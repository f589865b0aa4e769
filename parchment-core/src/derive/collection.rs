//! Keys of collections, canvases and routes: each knows what it is the key of.

use super::{DeriveError, MasterSeed, hkdf::derive_key, info};
use crate::secret::{Secret32, secret_traits};

/// Marks the ids of canvases among those of collections.
const CANVAS: &str = "canvas:";
/// Marks the ids of routes.
const ROUTE: &str = "route:";
/// Marks the ids of routes' bodies.
const ROUTE_BODY: &str = "route-body:";

/// The id of a collection.
///
/// Upstream puts ids and versions into one text, so the second key of `a` is the first of `a-v2`. What exists must
/// stay readable; what is new keeps clear of it (rule 17.13).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CollectionId(Box<str>);

impl CollectionId {
    /// The id of a collection that is about to be made.
    ///
    /// # Errors
    ///
    /// [`DeriveError::CollectionId`] when its keys could be those of something else.
    pub fn for_new(text: &str) -> Result<Self, DeriveError> {
        let looks_versioned = text
            .rsplit_once("-v")
            .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
        let looks_typed = [CANVAS, ROUTE, ROUTE_BODY].iter().any(|mark| text.starts_with(mark));
        if looks_versioned || looks_typed {
            return Err(DeriveError::CollectionId);
        }
        Ok(Self::existing(text))
    }

    /// The id of a collection that is there already, whatever it is.
    pub fn existing(text: &str) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which of a collection's keys: an integer from 1 to 2^53 − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion(u64);

impl KeyVersion {
    /// The version of a collection's first key.
    pub const FIRST: Self = Self(1);

    /// The largest integer that every reader of JSON understands alike.
    const LAST: u64 = (1 << 53) - 1;

    /// The version of this number.
    ///
    /// # Errors
    ///
    /// [`DeriveError::KeyVersion`] for a number outside 1 to 2^53 − 1.
    pub fn new(number: u64) -> Result<Self, DeriveError> {
        (1..=Self::LAST)
            .contains(&number)
            .then_some(Self(number))
            .ok_or(DeriveError::KeyVersion)
    }

    /// The version after this one. The last one has none: it stays what it is.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1).min(Self::LAST))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// The key of a collection, in one of its versions.
#[derive(PartialEq, Eq)]
pub struct CollectionKey {
    secret: Secret32,
    id: CollectionId,
    version: KeyVersion,
}

secret_traits!(CollectionKey);

impl CollectionKey {
    pub(super) fn derive(seed: &MasterSeed, id: &CollectionId, version: KeyVersion) -> Self {
        let info = match version {
            KeyVersion::FIRST => format!("{}{}", info::COLLECTION, id.as_str()),
            KeyVersion(number) => format!("{}{}-v{number}", info::COLLECTION, id.as_str()),
        };
        Self {
            secret: derive_key(seed.expose(), &info),
            id: id.clone(),
            version,
        }
    }

    /// The key of a collection that a friend shared, as it was unwrapped.
    pub fn from_share(bytes: &[u8; 32], id: CollectionId, version: KeyVersion) -> Self {
        Self {
            secret: Secret32::copy_of(bytes),
            id,
            version,
        }
    }

    /// The collection that this is the key of.
    pub fn id(&self) -> &CollectionId {
        &self.id
    }

    /// Which of the collection's keys this is.
    pub fn version(&self) -> KeyVersion {
        self.version
    }

    /// The 32 bytes, for wrapping them to a friend. Whoever has them has the key: never log or send them.
    pub fn expose(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }
}

/// Defines the key of something that is keyed like a collection with a mark before its id.
macro_rules! marked_key {
    ($(#[$doc:meta])* $name:ident, $function:ident, $mark:ident) => {
        $(#[$doc])*
        #[derive(PartialEq, Eq)]
        pub struct $name {
            secret: Secret32,
            id: Box<str>,
        }

        secret_traits!($name);

        impl $name {
            /// The id of what this is the key of, without a mark.
            pub fn id(&self) -> &str {
                &self.id
            }

            /// The 32 bytes, for a key store that must hold them. Whoever has them has the key: never log or send them.
            pub fn expose(&self) -> &[u8; 32] {
                self.secret.as_bytes()
            }
        }

        pub(super) fn $function(seed: &MasterSeed, id: &str) -> $name {
            let info = format!("{}{}{id}", info::COLLECTION, $mark);
            $name {
                secret: derive_key(seed.expose(), &info),
                id: id.into(),
            }
        }
    };
}

marked_key! {
    /// The key of a canvas.
    CanvasKey, canvas_key, CANVAS
}

marked_key! {
    /// The key of a route's metadata.
    RouteKey, route_key, ROUTE
}

marked_key! {
    /// The key of a route's body.
    RouteBodyKey, route_body_key, ROUTE_BODY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_collections_keep_clear_of_what_others_derive() {
        for id in [
            "a-v2",
            "-v0",
            "a-v2-v10",
            "canvas:c",
            "route:r",
            "route-body:r",
            "route:",
        ] {
            assert_eq!(CollectionId::for_new(id), Err(DeriveError::CollectionId), "{id}");
        }
        for id in ["a", "a-v", "a-v2b", "a-vx2", "av2", "my canvas:c", "-V2", "a-v２", ""] {
            assert!(CollectionId::for_new(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn versions_are_the_integers_from_1_that_json_holds() {
        assert_eq!(KeyVersion::new(0), Err(DeriveError::KeyVersion));
        assert_eq!(KeyVersion::new(1), Ok(KeyVersion::FIRST));
        let last = KeyVersion::new((1 << 53) - 1).unwrap();
        assert_eq!(last.next(), last);
        assert_eq!(KeyVersion::new(1 << 53), Err(DeriveError::KeyVersion));
        assert_eq!(KeyVersion::FIRST.next().get(), 2);
    }

    #[test]
    fn the_collision_that_exists_is_read_and_not_made_anew() {
        let seed = MasterSeed::from_bytes(&[9; 32]);
        let second = seed.collection_key(&CollectionId::existing("a"), KeyVersion::FIRST.next());
        let first = seed.collection_key(&CollectionId::existing("a-v2"), KeyVersion::FIRST);
        assert_eq!(first.expose(), second.expose());
        // They are keys of different things all the same.
        assert_ne!(first, second);
    }
}
