//! Texts with a format of their own.

use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, UnixMillis};

/// An instant, written as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub UnixMillis);

impl Time {
    /// The instant of so many milliseconds since 1970.
    pub fn from_millis(millis: i64) -> Self {
        Self(UnixMillis(millis))
    }

    fn read(text: &str) -> Result<Self, String> {
        Timestamp::parse(text)
            .map(|timestamp| Self(timestamp.instant()))
            .map_err(|error| error.to_string())
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// A mail address: one `@`, something on both sides of it, at most 254 characters, no spaces or controls.
///
/// Whether mail arrives there is for the sign-in code to show. Case is kept; addresses are compared without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// A sentence for the person who typed it.
    pub fn read(text: &str) -> Result<Self, String> {
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.ends_with('.')
                && !part.contains("..")
                && part
                    .chars()
                    .all(|c| !c.is_control() && !c.is_whitespace() && !"<>()[]\\,;:\"@".contains(c))
        };
        match text.split_once('@') {
            Some((local, domain))
                if text.len() <= 254
                    && local.len() <= 64
                    && plain(local)
                    && plain(domain)
                    && domain
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
                    && domain
                        .split('.')
                        .all(|label| !label.starts_with('-') && !label.ends_with('-')) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err("this is not a mail address".to_owned()),
        }
    }

    #[cfg(feature = "openapi")]
    pub(super) fn literal(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The address as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What addresses are compared by: the address with its ASCII letters in lower case.
    ///
    /// Letters beyond ASCII stay as they are: folding them would make one address of two that belong to different
    /// people, such as one with a Kelvin sign and one with a k.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

/// Reads a member of an answer that this server always gives, and others may leave out or null: goes with
/// `#[serde(default)]`.
pub(super) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

macro_rules! text_format {
    ($type:ty, $format:literal, $example:literal) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.write())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::read(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        const _: () = {
            use poem_openapi::{
                registry::{MetaSchema, MetaSchemaRef},
                types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
            };

            impl Type for $type {
                const IS_REQUIRED: bool = true;
                type RawValueType = Self;
                type RawElementValueType = Self;

                fn name() -> std::borrow::Cow<'static, str> {
                    concat!("string_", $format).into()
                }

                fn schema_ref() -> MetaSchemaRef {
                    let mut schema = MetaSchema::new_with_format("string", $format);
                    schema.example = Some($example.into());
                    MetaSchemaRef::Inline(Box::new(schema))
                }

                fn as_raw_value(&self) -> Option<&Self> {
                    Some(self)
                }

                fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                    Box::new(std::iter::once(self))
                }
            }

            impl ParseFromJSON for $type {
                fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
                    match value.unwrap_or_default() {
                        serde_json::Value::String(text) => Self::read(&text).map_err(ParseError::custom),
                        other => Err(ParseError::expected_type(other)),
                    }
                }
            }

            impl ToJSON for $type {
                fn to_json(&self) -> Option<serde_json::Value> {
                    Some(self.write().into())
                }
            }
        };
    };
}

text_format!(Time, "date-time", "2026-04-20T12:00:00.000Z");
text_format!(Email, "email", "alice@mail.example");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for text in [
            "a@b",
            "alice@mail.example",
            "O'Neil+x@Mail.Example",
            "\u{fc}@mail.example",
        ] {
            assert!(Email::read(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b\n",
            "a@b\r\nBcc: x@y",
            "<a@b>",
            "a@-b",
            "a@b..c",
            ".a@b",
            "a@b,c@d",
            "a\0@b",
        ] {
            assert!(Email::read(text).is_err(), "{text:?}");
        }
        assert!(Email::read(&format!("{}@b", "a".repeat(65))).is_err());
    }
}
