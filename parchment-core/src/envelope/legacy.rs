//! The legacy (v1) signed text (protocol section 3).
//!
//! Messages use it only in the three forms that rule 17.9 still takes. The same form with other
//! type names signs recovery slots and device transfers, which is why it stands on its own.

use crate::canonical::{self, Object, Sink as _, Value};

/// The text signed for a type and a payload.
///
/// Array-index-like members come first, then `type`, then the other members in canonical order.
/// A member of the payload that is itself named `type` replaces the value, not the position. An
/// array counts as an object with members `0`, `1`, `2` and so on.
pub fn signed_text(type_name: &str, payload: &Value) -> String {
    let members: Vec<(String, &Value)> = match payload {
        Value::Object(object) => object.iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    let own_type = members.iter().find(|(name, _)| name == "type").map(|(_, value)| *value);
    let is_index = |name: &str| canonical::member_order(name, "").is_lt();

    let mut text = String::from("{");
    let mut put = |name: &str, value: &dyn Fn(&mut String)| {
        if text.len() > 1 {
            text.put(",");
        }
        canonical::write_string(name, &mut text);
        text.put(":");
        value(&mut text);
    };
    for (name, value) in members.iter().filter(|(name, _)| is_index(name)) {
        put(name, &|text| canonical::write(value, text));
    }
    put("type", &|text| match own_type {
        Some(value) => canonical::write(value, text),
        None => canonical::write_string(type_name, text),
    });
    for (name, value) in members.iter().filter(|(name, _)| !is_index(name) && name != "type") {
        put(name, &|text| canonical::write(value, text));
    }
    text.push('}');
    text
}

/// The text signed for a legacy message: `{from, to, timestamp}` and the members of its payload.
pub(super) fn message_text(kind: &str, from: &str, to: &str, timestamp: &str, payload: &Object) -> String {
    let mut members = payload.clone();
    members.insert("from", from);
    members.insert("to", to);
    members.insert("timestamp", timestamp);
    signed_text(kind, &Value::Object(members))
}

/// Members that a legacy message's payload must not have: they would replace signed ones (rule 17.9).
pub(super) const RESERVED_MEMBERS: [&str; 4] = ["from", "to", "timestamp", "type"];
