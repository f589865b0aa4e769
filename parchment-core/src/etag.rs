//! Entity tags (RFC 9110, section 8.8.3) of what a user keeps sealed, so that no device overwrites what it has not seen.
//!
//! The tag of a record is `"` + base64url(SHA-256(envelope)) + `"`, without padding. The tag of all she keeps is made the
//! same way from one line for each record, sorted by their bytes and each ended by a line feed:
//!
//! ```text
//! blob TYPE HEX
//! collection ID HEX
//! point COLLECTION-ID ID HEX
//! ```
//!
//! with the SHA-256 of each envelope in lower-case hexadecimal, `-` for a collection without metadata, and ids as UUIDs
//! in lower case. A client makes these tags from what it has read and sends them as `If-Match`: with a blob to replace
//! exactly that one, and with a rotation to be sure that nothing was written since it began to read. Servers that do not
//! know such conditions pass them over.
//!
//! ```
//! use parchment_core::etag::{EntityTag, Snapshot};
//!
//! let mut kept = Snapshot::default();
//! assert_eq!(kept.tag().to_string(), "\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"");
//! kept.blob("settings", b"an envelope");
//! assert_ne!(kept.tag(), Snapshot::default().tag());
//! assert_ne!(EntityTag::of(b"an envelope"), EntityTag::of(b"another"));
//! ```

use std::{collections::BTreeSet, fmt};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::encoding::hex;

/// A strong entity tag; it is written with its quotation marks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityTag(String);

impl EntityTag {
    /// The tag of a record, by its envelope's bytes.
    pub fn of(envelope: &[u8]) -> Self {
        Self(format!(
            "\"{}\"",
            Base64UrlUnpadded::encode_string(&Sha256::digest(envelope))
        ))
    }

    /// Whether a field `If-Match` names this tag, or names any with `*`. Weak tags match nothing.
    pub fn is_named_by(&self, field: &str) -> bool {
        let mut named = field.split(',').map(str::trim);
        named.any(|tag| tag == "*" || tag == self.0)
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything that a user keeps, by digests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    lines: BTreeSet<String>,
}

impl Snapshot {
    /// Adds a personal blob.
    pub fn blob(&mut self, blob_type: &str, envelope: &[u8]) {
        self.lines.insert(format!("blob {blob_type} {}\n", digest(envelope)));
    }

    /// Adds a collection; `metadata` is its envelope, if it has one.
    pub fn collection(&mut self, id: &str, metadata: Option<&[u8]>) {
        let metadata = metadata.map_or_else(|| "-".to_owned(), digest);
        self.lines.insert(format!("collection {id} {metadata}\n"));
    }

    /// Adds a point of a collection.
    pub fn point(&mut self, collection_id: &str, id: &str, envelope: &[u8]) {
        self.lines
            .insert(format!("point {collection_id} {id} {}\n", digest(envelope)));
    }

    /// The tag of all of it.
    pub fn tag(&self) -> EntityTag {
        let text: String = self.lines.iter().map(String::as_str).collect();
        EntityTag::of(text.as_bytes())
    }
}

fn digest(envelope: &[u8]) -> String {
    hex(&Sha256::digest(envelope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_which_records_were_read_does_not_matter_and_every_byte_does() {
        let records: [fn(&mut Snapshot); 3] = [
            |kept| kept.blob("a", b"1"),
            |kept| kept.collection("c", None),
            |kept| kept.point("c", "p", b"2"),
        ];
        let of = |order: [usize; 3]| {
            let mut kept = Snapshot::default();
            order.into_iter().for_each(|index| records[index](&mut kept));
            kept.tag()
        };
        assert_eq!(of([0, 1, 2]), of([2, 0, 1]));
        let mut other = Snapshot::default();
        other.blob("a", b"1");
        other.collection("c", Some(b""));
        other.point("c", "p", b"2");
        assert_ne!(of([0, 1, 2]), other.tag());
    }

    #[test]
    fn a_field_names_tags_one_by_one_or_all_at_once() {
        let tag = EntityTag::of(b"x");
        assert!(tag.is_named_by("*") && tag.is_named_by(&tag.to_string()));
        assert!(tag.is_named_by(&format!("\"other\", {tag}")));
        assert!(!tag.is_named_by(&format!("W/{tag}")) && !tag.is_named_by("") && !tag.is_named_by("\"other\""));
    }
}
