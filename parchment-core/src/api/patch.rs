//! Members of a change: absent leaves, null clears, a value sets.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a change says of one member.
///
/// Goes with `#[serde(default, skip_serializing_if = "Patch::is_kept")]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: leave it.
    #[default]
    Keep,
    /// Null: clear it.
    Clear,
    /// A value: set it.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the member is absent.
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The new value, if there is to be one: none inside means cleared.
    pub fn into_change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An absent member never gets here: it takes the default.
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use std::borrow::Cow;

    use poem_openapi::{
        registry::{MetaSchemaRef, Registry},
        types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
    };
    use serde_json::Value;

    use super::Patch;

    impl<T: Type> Type for Patch<T> {
        const IS_REQUIRED: bool = false;
        type RawValueType = T::RawValueType;
        type RawElementValueType = T::RawElementValueType;

        fn name() -> Cow<'static, str> {
            format!("patch_{}", T::name()).into()
        }

        fn schema_ref() -> MetaSchemaRef {
            T::schema_ref()
        }

        fn register(registry: &mut Registry) {
            T::register(registry);
        }

        fn as_raw_value(&self) -> Option<&Self::RawValueType> {
            match self {
                Self::Set(value) => value.as_raw_value(),
                Self::Keep | Self::Clear => None,
            }
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
            match self {
                Self::Set(value) => value.raw_element_iter(),
                Self::Keep | Self::Clear => Box::new(std::iter::empty()),
            }
        }

        fn is_none(&self) -> bool {
            self.is_kept()
        }
    }

    impl<T: ParseFromJSON> ParseFromJSON for Patch<T> {
        fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
            match value {
                None => Ok(Self::Keep),
                Some(Value::Null) => Ok(Self::Clear),
                value => T::parse_from_json(value).map(Self::Set).map_err(ParseError::propagate),
            }
        }
    }

    impl<T: ToJSON> ToJSON for Patch<T> {
        fn to_json(&self) -> Option<Value> {
            match self {
                Self::Keep => None,
                Self::Clear => Some(Value::Null),
                Self::Set(value) => value.to_json(),
            }
        }
    }
}
