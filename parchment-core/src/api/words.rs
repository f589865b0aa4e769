//! Members of answers that are one of a few words.

/// An enum of the words that a server may answer, and of all that it may not have said yet when this was written: one
/// unknown word must not make a whole list unreadable. The document names the known ones alone.
macro_rules! answered_words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $item_doc:literal])+ $item:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $item_doc])+ #[serde(rename = $word)] $item,)+
            /// A word that this library does not know; the server is newer, or another.
            #[serde(rename = "other", other)]
            Other,
        }

        #[cfg(feature = "openapi")]
        const _: () = {
            use poem_openapi::{
                registry::{MetaSchema, MetaSchemaRef, Registry},
                types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
            };

            impl Type for $name {
                const IS_REQUIRED: bool = true;
                type RawValueType = Self;
                type RawElementValueType = Self;

                fn name() -> std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }

                fn schema_ref() -> MetaSchemaRef {
                    MetaSchemaRef::Reference(Self::name().into_owned())
                }

                fn register(registry: &mut Registry) {
                    registry.create_schema::<Self, _>(Self::name().into_owned(), |_| MetaSchema {
                        description: Some(concat!($($doc),+).trim_ascii()),
                        enum_items: vec![$($word.into(),)+],
                        ..MetaSchema::new("string")
                    });
                }

                fn as_raw_value(&self) -> Option<&Self> {
                    Some(self)
                }

                fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                    Box::new(std::iter::once(self))
                }
            }

            impl ParseFromJSON for $name {
                fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
                    let value = value.unwrap_or_default();
                    match value.as_str() {
                        $(Some($word) => Ok(Self::$item),)+
                        _ => Err(ParseError::expected_type(value)),
                    }
                }
            }

            impl ToJSON for $name {
                fn to_json(&self) -> Option<serde_json::Value> {
                    serde_json::to_value(self).ok()
                }
            }
        };
    };
}

pub(super) use answered_words;
