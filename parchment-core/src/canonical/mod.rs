//! Canonical JSON: one text for one value (protocol sections 1, 17.1 and 17.2).
//!
//! [`parse`] reads JSON and refuses what two readers might understand differently: duplicate
//! members, a `__proto__` member, unpaired surrogates, numbers that a double cannot hold
//! exactly enough, a byte order mark, deep nesting, long texts. What passes has exactly one
//! canonical text, the same that upstream computes: [`write()`] puts it into any [`Sink`],
//! [`digest`] into SHA-256.
//!
//! ```
//! use parchment_core::canonical;
//!
//! let value = canonical::parse(br#"{ "b": 1.0, "10": true, "9": "\u00e9" }"#)?;
//! assert_eq!(canonical::to_string(&value), r#"{"9":"é","10":true,"b":1}"#);
//! # Ok::<(), canonical::ParseError>(())
//! ```

mod number;
mod order;
mod parse;
mod sink;
mod value;
mod write;

pub use order::{member_order, utf16_order};
pub use parse::{MAX_BYTES, MAX_DEPTH, ParseError, ParseErrorKind, parse};
pub use sink::{HashSink, Sink};
pub use value::{Number, Object, Value};
pub use write::write;
pub(crate) use write::{write_object, write_string};

use crate::nonce::Digest;

/// The canonical text of a value.
pub fn to_string(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// The SHA-256 of the canonical text of a value; the hash of a request body (protocol section 1).
pub fn digest(value: &Value) -> Digest {
    let mut sink = HashSink::new();
    write(value, &mut sink);
    sink.finish()
}
