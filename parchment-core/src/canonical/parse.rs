//! From text to values, refusing the ambiguous (RFC 8259; protocol sections 1 and 17.1).

use std::fmt;

use super::{
    number::MAX_SAFE_INTEGER,
    value::{MemberFault, Number, Object, Value},
};

/// The longest text that is read, in bytes: 64 KiB.
pub const MAX_BYTES: usize = 64 * 1024;

/// The deepest nesting that is read; `[]` is depth 1.
pub const MAX_DEPTH: usize = 64;

/// Why a text was not read as canonical JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    kind: ParseErrorKind,
    offset: usize,
    // Segments of the path, innermost first: they are added while the error travels outwards.
    path: Vec<String>,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Not JSON (RFC 8259); says what was expected.
    Malformed(&'static str),
    /// Longer than [`MAX_BYTES`].
    TooLong,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A byte order mark before the value.
    ByteOrderMark,
    /// Two members of one object have the same name.
    DuplicateMember,
    /// A member named `__proto__`, which JavaScript readers lose.
    ProtoMember,
    /// An escape for half of a surrogate pair.
    UnpairedSurrogate,
    /// A number beyond the range of a double.
    NumberNotFinite,
    /// An integer literal outside ±(2^53 − 1), which readers would round.
    IntegerNotExact,
}

impl ParseError {
    /// What is wrong.
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// The offset into the text, in bytes, at which it was seen.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The place as a JSON pointer (RFC 6901); empty for the whole text.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.path.iter().rev() {
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }

    /// Whether the text is not JSON at all, rather than JSON that can be misread.
    pub fn is_malformed(&self) -> bool {
        matches!(self.kind, ParseErrorKind::Malformed(_))
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ParseErrorKind::Malformed(expected) => write!(f, "not JSON: {expected}")?,
            ParseErrorKind::TooLong => write!(f, "longer than {MAX_BYTES} bytes")?,
            ParseErrorKind::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels")?,
            ParseErrorKind::ByteOrderMark => f.write_str("a byte order mark before the value")?,
            ParseErrorKind::DuplicateMember => f.write_str("a member that occurs twice")?,
            ParseErrorKind::ProtoMember => f.write_str("a member named __proto__")?,
            ParseErrorKind::UnpairedSurrogate => f.write_str("an unpaired surrogate")?,
            ParseErrorKind::NumberNotFinite => f.write_str("a number beyond the range of a double")?,
            ParseErrorKind::IntegerNotExact => f.write_str("an integer that a double cannot hold exactly")?,
        }
        write!(f, " at byte {}", self.offset)?;
        let pointer = self.pointer();
        // Member names come from outside: what is printed must stay one short line.
        match pointer.len() {
            0 => Ok(()),
            1..=80 if pointer.bytes().all(|b| b.is_ascii_graphic()) => write!(f, " ({pointer})"),
            _ => f.write_str(" (…)"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads one JSON value and nothing else.
///
/// # Errors
///
/// [`ParseError`] names the kind of fault, the byte offset and the place as a JSON pointer.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    if text.len() > MAX_BYTES {
        return Err(ParseError::at(ParseErrorKind::TooLong, MAX_BYTES));
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| ParseError::at(ParseErrorKind::Malformed("UTF-8 is expected"), error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(ParseError::at(ParseErrorKind::ByteOrderMark, 0));
    }
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.malformed("nothing may follow the value")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn malformed(&self, expected: &'static str) -> ParseError {
        ParseError::at(ParseErrorKind::Malformed(expected), self.at)
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads a value after optional space; `depth` is how many containers stand around it.
    fn value(&mut self, depth: usize) -> Result<Value, ParseError> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth + 1).map(Value::Object),
            Some(b'[') => self.array(depth + 1).map(Value::Array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.malformed("a value is expected")),
        }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, ParseError> {
        if !self.text.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(self.malformed("true, false or null is expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn enter(&mut self, depth: usize) -> Result<(), ParseError> {
        if depth > MAX_DEPTH {
            return Err(ParseError::at(ParseErrorKind::TooDeep, self.at));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// After an element: true when another follows, false when `close` ended the container.
    fn goes_on(&mut self, close: u8, expected: &'static str) -> Result<bool, ParseError> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(found) if found == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.malformed(expected)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, ParseError> {
        self.enter(depth)?;
        let mut elements = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(elements);
        }
        loop {
            elements.push(
                self.value(depth)
                    .map_err(|error| error.inside(elements.len().to_string()))?,
            );
            if !self.goes_on(b']', "a comma or ] is expected")? {
                return Ok(elements);
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object, ParseError> {
        let start = self.at;
        self.enter(depth)?;
        let mut members = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Object::new());
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.malformed("a member name in quotes is expected"));
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.malformed("a colon is expected").inside(name));
            }
            self.at += 1;
            let value = match self.value(depth) {
                Ok(value) => value,
                Err(error) => return Err(error.inside(name)),
            };
            members.push((name, value));
            if !self.goes_on(b'}', "a comma or } is expected")? {
                break;
            }
        }
        Object::from_members(members).map_err(|fault| match fault {
            MemberFault::Duplicate(name) => ParseError::at(ParseErrorKind::DuplicateMember, start).inside(name),
            MemberFault::Proto => ParseError::at(ParseErrorKind::ProtoMember, start),
        })
    }

    /// Reads a string; the opening quote is next.
    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            let rest = self.text.as_bytes().get(start..).unwrap_or_default();
            let plain = rest
                .iter()
                .position(|&b| b < 0x20 || b == b'"' || b == b'\\')
                .unwrap_or(rest.len());
            self.at += plain;
            text.push_str(self.slice(start, self.at));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.malformed("control characters are written as escapes")),
                None => return Err(self.malformed("the string does not end")),
            }
        }
    }

    /// Reads an escape; the backslash is next.
    fn escape(&mut self) -> Result<char, ParseError> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek().ok_or_else(|| self.malformed("the string does not end"))?;
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex4()?;
                let lone = || ParseError::at(ParseErrorKind::UnpairedSurrogate, start);
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit).ok_or_else(lone);
                }
                if self.slice(self.at, self.at + 2) != "\\u" {
                    return Err(lone());
                }
                self.at += 2;
                let low = self.hex4()?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(lone());
                }
                char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).ok_or_else(lone)?
            }
            _ => {
                self.at = start;
                return Err(self.malformed("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX is expected"));
            }
        })
    }

    fn hex4(&mut self) -> Result<u32, ParseError> {
        let digits = self.slice(self.at, self.at + 4);
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.malformed("four hexadecimal digits are expected"));
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.malformed("four hexadecimal digits are expected"))
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.malformed("a digit is expected"));
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Number, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let whole = self.slice(whole, self.at);
        let mut is_integer = true;
        if self.peek() == Some(b'.') {
            is_integer = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_integer = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if is_integer && !whole.parse().is_ok_and(|magnitude: u64| magnitude <= MAX_SAFE_INTEGER) {
            return Err(ParseError::at(ParseErrorKind::IntegerNotExact, start));
        }
        self.slice(start, self.at)
            .parse()
            .ok()
            .and_then(Number::new)
            .ok_or_else(|| ParseError::at(ParseErrorKind::NumberNotFinite, start))
    }
}

impl ParseError {
    fn at(kind: ParseErrorKind, offset: usize) -> Self {
        Self {
            kind,
            offset,
            path: Vec::new(),
        }
    }

    fn inside(mut self, segment: String) -> Self {
        self.path.push(segment);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> ParseErrorKind {
        parse(text.as_bytes()).unwrap_err().kind()
    }

    #[test]
    fn an_error_names_the_place() {
        let error = parse(br#"{"a":[1,{"b/c":[true,9007199254740992]}]}"#).unwrap_err();
        assert_eq!(error.pointer(), "/a/1/b~1c/1");
        assert_eq!(error.offset(), 21);
        assert_eq!(
            error.to_string(),
            "an integer that a double cannot hold exactly at byte 21 (/a/1/b~1c/1)"
        );
    }

    #[test]
    fn an_error_prints_on_one_short_line_whatever_the_names_are() {
        for name in ["\\n\\u001b[31mFORGED".to_owned(), "x".repeat(60_000)] {
            let error = parse(format!(r#"{{"{name}":1e999}}"#).as_bytes()).unwrap_err();
            assert!(error.to_string().ends_with(" (…)"), "{error}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        use ParseErrorKind::*;
        assert_eq!(kind("\u{feff}1"), ByteOrderMark);
        assert_eq!(kind(r#"{"a":1,"\u0061":1}"#), DuplicateMember);
        assert_eq!(kind(r#"[{"__proto__":1}]"#), ProtoMember);
        assert_eq!(kind(r#""\ud800""#), UnpairedSurrogate);
        assert_eq!(kind(r#""\ud800\u0041""#), UnpairedSurrogate);
        assert_eq!(kind(r#""\udc00""#), UnpairedSurrogate);
        assert_eq!(kind("1e999"), NumberNotFinite);
        assert_eq!(kind("9007199254740992"), IntegerNotExact);
        assert_eq!(kind("-9007199254740992"), IntegerNotExact);
        assert_eq!(kind("100000000000000000000000"), IntegerNotExact);
        assert_eq!(kind(&"[".repeat(MAX_DEPTH + 1)), TooDeep);
        assert_eq!(kind(&" ".repeat(MAX_BYTES + 1)), TooLong);
    }

    #[test]
    fn limits_include_their_ends() {
        let nested = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(parse(nested.as_bytes()).is_ok());
        assert!(parse(format!("1{}", " ".repeat(MAX_BYTES - 1)).as_bytes()).is_ok());
        for text in [
            "9007199254740991",
            "-9007199254740991",
            "1e21",
            "9007199254740992.0",
            "1e-400",
            "-0",
        ] {
            assert!(parse(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{'a':1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "\"\t\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"",
            "1 2",
            "[1 2]",
            "{\"a\" 1}",
            "\u{a0}1",
            "]",
            "NaN",
            "\"\\u+123\"",
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.is_malformed(), "{text:?}: {error}");
        }
        assert!(parse(b"\"\xff\"").unwrap_err().is_malformed());
    }
}
