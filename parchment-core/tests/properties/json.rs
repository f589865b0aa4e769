//! Values, and the many ways to write one down.

use parchment_core::canonical::{Number, Object, Value};
use proptest::prelude::*;

/// 2^53: from here on a double is an integer, and not every integer a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Any value whose canonical text can be read again.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::Number),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            object_of(inner).prop_map(Value::Object),
        ]
    })
}

/// Any object, such as a payload.
pub(crate) fn object() -> impl Strategy<Value = Object> {
    object_of(value())
}

fn object_of(members: impl Strategy<Value = Value>) -> impl Strategy<Value = Object> {
    prop::collection::vec((name(), members), 0..6).prop_map(|members| {
        let mut object = Object::new();
        for (name, value) in members {
            object.insert(&name, value);
        }
        object
    })
}

fn name() -> impl Strategy<Value = String> {
    // Names of both groups, and some that only look like indices.
    prop_oneof![text(), "[0-9]{1,11}", "0[0-9]", Just("__proto".to_owned())]
        .prop_filter("a member that JavaScript loses", |name| name != "__proto__")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,4}",
        // Everything that has an escape or an order of its own.
        "[\u{0}-\u{1f}\"\\\\/\u{7f}\u{2028}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{1f600}\u{10ffff}]{0,6}",
        prop::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter),
    ]
}

/// Finite doubles, but none that is written as an integer literal which rule 17.1 refuses to read.
fn number() -> impl Strategy<Value = Number> {
    let any_bits = any::<u64>().prop_map(f64::from_bits);
    let decimal = (any::<i32>(), -12..12_i32).prop_map(|(digits, exponent)| f64::from(digits) * 10_f64.powi(exponent));
    let small = (-1_000_000..1_000_000_i64).prop_map(|integer| integer as f64);
    prop_oneof![any_bits, decimal, small]
        .prop_filter("written as an inexact integer", |number| {
            !(EXACT..1e21).contains(&number.abs())
        })
        .prop_filter_map("not finite", Number::new)
}

/// Decisions for writing a value down differently; they repeat when used up.
pub(crate) fn whims() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..64)
}

/// Writes a value as some other writer might: white space, order of members, escapes and numbers are free.
pub(crate) fn write_freely(value: &Value, whims: &[u8]) -> String {
    let mut writer = FreeWriter {
        text: String::new(),
        whims: whims.iter().copied().cycle(),
    };
    writer.space();
    writer.value(value);
    writer.space();
    writer.text
}

struct FreeWriter<I> {
    text: String,
    whims: I,
}

impl<I: Iterator<Item = u8>> FreeWriter<I> {
    fn whim(&mut self, choices: u8) -> u8 {
        self.whims.next().unwrap() % choices
    }

    fn space(&mut self) {
        let space = ["", "", " ", "\t", "\r\n", "\n  "];
        let choice = self.whim(space.len() as u8);
        self.text.push_str(space[usize::from(choice)]);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => self.number(number.get()),
            Value::String(text) => self.string(text),
            Value::Array(elements) => self.sequence("[", "]", elements, |writer, element| writer.value(element)),
            Value::Object(object) => {
                let mut members: Vec<_> = object.iter().collect();
                let shift = usize::from(self.whim(7)) % members.len().max(1);
                members.rotate_left(shift);
                self.sequence("{", "}", &members, |writer, (name, value)| {
                    writer.string(name);
                    writer.space();
                    writer.text.push(':');
                    writer.space();
                    writer.value(value);
                });
            }
        }
    }

    fn sequence<T>(&mut self, open: &str, close: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.text.push_str(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.space();
            write(self, item);
            self.space();
        }
        if items.is_empty() {
            self.space();
        }
        self.text.push_str(close);
    }

    fn number(&mut self, number: f64) {
        let text = match self.whim(3) {
            0 => format!("{number:e}"),
            1 => format!("{number:E}").replacen('E', "E+", 1).replacen("E+-", "E-0", 1),
            // With a fraction, so that it is no integer literal.
            _ => format!("{number:?}"),
        };
        self.text.push_str(&text);
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            let must_escape = character < ' ' || character == '"' || character == '\\';
            match self.whim(4) {
                0 => self.units(character, |unit| format!("\\u{unit:04x}")),
                1 => self.units(character, |unit| format!("\\u{unit:04X}")),
                2 if character == '/' => self.text.push_str("\\/"),
                2 if character == '\n' => self.text.push_str("\\n"),
                _ if must_escape => self.units(character, |unit| format!("\\u{unit:04x}")),
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn units(&mut self, character: char, escape: impl Fn(u16) -> String) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            self.text.push_str(&escape(*unit));
        }
    }
}
