//! The associated data of an envelope.

use std::borrow::Cow;

use super::FieldTooLong;

/// What a sealed record is bound to: four texts, exactly as given.
///
/// Nothing is trimmed or folded. Each is preceded by its length, so that no text can slip from one field into the
/// next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aad<'a> {
    /// Whose record it is: mostly a user id.
    pub user_id: Cow<'a, str>,
    /// Of what type it is.
    pub record_type: Cow<'a, str>,
    /// Which record of this type.
    pub record_id: Cow<'a, str>,
    /// What its key is for.
    pub key_context: Cow<'a, str>,
}

impl Aad<'_> {
    /// The bytes that are authenticated.
    pub fn encode(&self) -> Result<Vec<u8>, FieldTooLong> {
        let fields = [
            ("user id", &self.user_id),
            ("record type", &self.record_type),
            ("record id", &self.record_id),
            ("key context", &self.key_context),
        ];
        let mut bytes = Vec::with_capacity(fields.iter().map(|(_, text)| 2 + text.len()).sum());
        for (field, text) in fields {
            let length = u16::try_from(text.len()).map_err(|_| FieldTooLong { field })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Ok(bytes)
    }
}
