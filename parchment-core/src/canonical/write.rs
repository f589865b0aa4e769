//! From values to canonical text.

use super::{
    number,
    sink::Sink,
    value::{Object, Value},
};

/// Writes the canonical text of a value into a sink, without building anything in between.
pub fn write(value: &Value, sink: &mut impl Sink) {
    match value {
        Value::Null => sink.put("null"),
        Value::Bool(true) => sink.put("true"),
        Value::Bool(false) => sink.put("false"),
        Value::Number(number) => number::write(number.get(), sink),
        Value::String(text) => write_string(text, sink),
        Value::Array(elements) => {
            let mut separator = "[";
            for element in elements {
                sink.put(separator);
                write(element, sink);
                separator = ",";
            }
            sink.put(if elements.is_empty() { "[]" } else { "]" });
        }
        Value::Object(object) => write_object(object, sink),
    }
}

/// Writes the canonical text of an object.
pub(crate) fn write_object(object: &Object, sink: &mut impl Sink) {
    let mut separator = "{";
    for (name, member) in object.iter() {
        sink.put(separator);
        write_string(name, sink);
        sink.put(":");
        write(member, sink);
        separator = ",";
    }
    sink.put(if object.is_empty() { "{}" } else { "}" });
}

/// Writes a string with its quotes; only `"`, `\` and U+0000 to U+001F are escaped.
pub(crate) fn write_string(text: &str, sink: &mut impl Sink) {
    sink.put("\"");
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        // The byte found is ASCII, so both cuts lie between characters.
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        sink.put(plain);
        let (special, tail) = special.split_at_checked(1).unwrap_or((special, ""));
        match special.bytes().next().unwrap_or_default() {
            b'"' => sink.put("\\\""),
            b'\\' => sink.put("\\\\"),
            0x08 => sink.put("\\b"),
            b'\t' => sink.put("\\t"),
            b'\n' => sink.put("\\n"),
            0x0c => sink.put("\\f"),
            b'\r' => sink.put("\\r"),
            control => {
                sink.put(if control < 0x10 { "\\u000" } else { "\\u001" });
                let digit = char::from_digit(u32::from(control & 0xf), 16).unwrap_or('0');
                sink.put(digit.encode_utf8(&mut [0; 4]));
            }
        }
        rest = tail;
    }
    sink.put(rest);
    sink.put("\"");
}
