//! A second writer of canonical JSON: slow, simple, and sharing nothing with the library.
//!
//! serde_json reads the text, but its numbers are off by one unit now and then (its exact reader
//! is an optional feature), so they are handed around it: before reading, every number is made a
//! string `"n…"` and every string `"…"` a string `"s…"`.

use serde_json::Value;

/// A piece of JSON text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// A number literal.
    Number(&'a str),
    /// A string with its quotes.
    Text(&'a str),
    /// One character of anything else.
    Other(&'a str),
}

/// Cuts JSON into pieces; text that is not JSON is cut somehow.
pub fn tokens(json: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let (length, token): (usize, fn(&str) -> Token<'_>) = match first {
            '"' => (string_length(rest), |piece| Token::Text(piece)),
            '-' | '0'..='9' => {
                let in_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                (rest.find(|c| !in_number(c)).unwrap_or(rest.len()), |piece| {
                    Token::Number(piece)
                })
            }
            other => (other.len_utf8(), |piece| Token::Other(piece)),
        };
        let (piece, tail) = rest.split_at(length);
        tokens.push(token(piece));
        rest = tail;
    }
    tokens
}

fn string_length(from_quote: &str) -> usize {
    let mut escaped = false;
    for (at, c) in from_quote.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    from_quote.len()
}

/// Reads JSON into a tree whose strings are tagged, see above.
pub fn read(json: &str) -> serde_json::Result<Value> {
    let mut tagged = String::new();
    for token in tokens(json) {
        match token {
            Token::Number(literal) => tagged.extend(["\"n", literal, "\""]),
            Token::Text(text) => tagged.extend(["\"s", &text[1..]]),
            Token::Other(other) => tagged.push_str(other),
        }
    }
    serde_json::from_str(&tagged)
}

/// Writes the canonical text of a tagged tree.
pub fn write(tree: &Value) -> String {
    match tree {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_) => unreachable!("numbers are tagged strings"),
        Value::String(tagged) => match tagged.split_at(1) {
            ("n", literal) => number(literal.parse().unwrap()),
            (_, text) => string(text),
        },
        Value::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(write).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (&name[1..], value)).collect();
            members.sort_by_key(|(name, _)| place(name));
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{}:{}", string(name), write(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

/// How many members the objects of a tree have, and whether one is named `__proto__`.
pub fn census(tree: &Value) -> (usize, bool) {
    let add = |(members, proto): (usize, bool), (more, also): (usize, bool)| (members + more, proto || also);
    match tree {
        Value::Array(elements) => elements.iter().map(census).fold((0, false), add),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| add((1, name == "s__proto__"), census(value)))
            .fold((0, false), add),
        _ => (0, false),
    }
}

/// Array indices by number, then the rest by UTF-16 code units.
fn place(name: &str) -> (bool, u32, Vec<u16>) {
    match name.parse::<u32>() {
        Ok(index) if index.to_string() == name && index != u32::MAX => (false, index, Vec::new()),
        _ => (true, 0, name.encode_utf16().collect()),
    }
}

fn string(text: &str) -> String {
    let mut written = String::from('"');
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\u{8}' => written.push_str("\\b"),
            '\u{9}' => written.push_str("\\t"),
            '\u{a}' => written.push_str("\\n"),
            '\u{c}' => written.push_str("\\f"),
            '\u{d}' => written.push_str("\\r"),
            c if c < ' ' => written.push_str(&format!("\\u{:04x}", c as u32)),
            c => written.push(c),
        }
    }
    written + "\""
}

/// ECMA-262, Number::toString, step by step, over the digits of the standard library.
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap();
    let digits = digits.replace('.', "");
    // The names of the specification: k digits, and the point stands after the n-th.
    let k = digits.len() as i32;
    let n = exponent.parse::<i32>().unwrap() + 1;
    let zeros = |count: i32| "0".repeat(count as usize);
    let plain = if k <= n && n <= 21 {
        format!("{digits}{}", zeros(n - k))
    } else if 0 < n && n <= 21 {
        let (whole, fraction) = digits.split_at(n as usize);
        format!("{whole}.{fraction}")
    } else if -6 < n && n <= 0 {
        format!("0.{}{digits}", zeros(-n))
    } else {
        let (first, others) = digits.split_at(1);
        let point = if others.is_empty() { "" } else { "." };
        format!("{first}{point}{others}e{:+}", n - 1)
    };
    format!("{sign}{plain}")
}

/// Panics unless `written` is `expected`, up to ties between number texts.
///
/// Where two shortest texts are equally near to a double, ECMAScript takes the even one and the
/// standard library the other.
pub fn assert_same(written: &str, expected: &str) {
    if written == expected {
        return;
    }
    let (tokens, others) = (tokens(written), tokens(expected));
    assert_eq!(tokens.len(), others.len(), "{written} is not {expected}");
    for pair in tokens.into_iter().zip(others) {
        match pair {
            (a, b) if a == b => {}
            (Token::Number(a), Token::Number(b)) => assert!(is_tie(a, b), "{a} should be {b}"),
            (a, b) => panic!("{a:?} should be {b:?}"),
        }
    }
}

fn is_tie(even: &str, odd: &str) -> bool {
    let last_digit = |text: &str| {
        let digits = text.split('e').next().unwrap_or_default().trim_end_matches('0');
        digits.chars().last().and_then(|c| c.to_digit(10)).unwrap()
    };
    even.len() == odd.len()
        && even.parse::<f64>().unwrap() == odd.parse::<f64>().unwrap()
        && last_digit(even) % 2 == 0
        && last_digit(even).abs_diff(last_digit(odd)) == 1
}
