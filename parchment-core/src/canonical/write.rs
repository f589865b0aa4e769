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
    let mut before_name = "{\"";
    for (name, member) in object.iter() {
        sink.put(before_name);
        write_escaped(name, sink);
        sink.put("\":");
        write(member, sink);
        before_name = ",\"";
    }
    sink.put(if object.is_empty() { "{}" } else { "}" });
}

/// Writes a string with its quotes; only `"`, `\` and U+0000 to U+001F are escaped.
pub(crate) fn write_string(text: &str, sink: &mut impl Sink) {
    sink.put("\"");
    write_escaped(text, sink);
    sink.put("\"");
}

/// Whether a byte of a string stands for itself.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// Where the first byte stands that must be escaped.
fn first_special(text: &str) -> Option<usize> {
    // Most texts have none, which is seen many bytes at a time.
    const AT_ONCE: usize = 16;
    let is_all_plain = |chunk: &[u8]| chunk.iter().fold(true, |all, byte| all & is_plain(*byte));
    let plain = text.as_bytes().chunks(AT_ONCE).take_while(|chunk| is_all_plain(chunk));
    let skipped = plain.count() * AT_ONCE;
    let rest = text.as_bytes().get(skipped..)?;
    rest.iter().position(|byte| !is_plain(*byte)).map(|at| skipped + at)
}

fn write_escaped(text: &str, sink: &mut impl Sink) {
    let mut rest = text;
    while let Some(at) = first_special(rest) {
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
}
