//! Canonical JSON against a second writer and against another reader.

use parchment_core::canonical::{self, MAX_BYTES, MAX_DEPTH, ParseError, ParseErrorKind, Value};
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::slow::{self, Token};

/// What is accepted has the canonical text that the slow writer writes, and nothing stands
/// against it; what is refused is refused by serde_json too, or for a fault that it has.
pub fn check(data: &[u8]) -> bool {
    let value = canonical::parse(data);
    match &value {
        Ok(value) => check_accepted(data, value),
        Err(error) => check_refused(data, error),
    }
    value.is_ok()
}

fn check_accepted(data: &[u8], value: &Value) {
    // Grammar only: as a `Value`, serde_json's rounding would refuse some numbers near the largest.
    serde_json::from_slice::<IgnoredAny>(data).expect("serde_json refuses what was accepted");
    let source = std::str::from_utf8(data).expect("JSON is UTF-8");
    let tree = slow::read(source).expect("serde_json refuses what was accepted");
    assert_eq!(faults(source, &tree), []);

    let text = canonical::to_string(value);
    slow::assert_same(&text, &slow::write(&tree));
    assert_eq!(canonical::digest(value).as_bytes()[..], Sha256::digest(&text)[..]);
    let mut bytes = Vec::new();
    canonical::write(value, &mut bytes);
    assert_eq!(bytes, text.as_bytes());

    if let Some(again) = read_back(&text) {
        assert_eq!(&again, value);
        assert_eq!(canonical::to_string(&again), text);
    }
}

/// Reads text that the library wrote.
///
/// None when it is one of the two things that are written and not read: a text that grew beyond
/// the limit (`1e20` is written with 21 digits), and an integer beyond ±(2^53 − 1) that was read
/// with a fraction or exponent and is written without.
pub fn read_back(text: &str) -> Option<Value> {
    let error = match canonical::parse(text.as_bytes()) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    match error.kind() {
        ParseErrorKind::TooLong => assert!(text.len() > MAX_BYTES),
        ParseErrorKind::IntegerNotExact => assert!(literals(text).any(is_inexact_integer)),
        _ => panic!("canonical text is not read: {error}"),
    }
    None
}

fn check_refused(data: &[u8], error: &ParseError) {
    assert!(error.offset() <= data.len());
    assert!(!error.to_string().is_empty());
    if error.kind() == ParseErrorKind::ByteOrderMark {
        assert!(data.starts_with(b"\xef\xbb\xbf"));
    }
    if serde_json::from_slice::<serde_json::Value>(data).is_err() {
        return;
    }
    let source = std::str::from_utf8(data).expect("serde_json accepted it");
    let tree = slow::read(source).expect("serde_json accepted it");
    let faults = faults(source, &tree);
    // A member lost to a duplicate may have been the one named __proto__.
    let lost_proto = error.kind() == ParseErrorKind::ProtoMember && faults.contains(&ParseErrorKind::DuplicateMember);
    assert!(
        lost_proto || faults.contains(&error.kind()),
        "serde_json reads what was refused: {error}"
    );
}

/// What stands against a text that serde_json reads.
fn faults(source: &str, tree: &serde_json::Value) -> Vec<ParseErrorKind> {
    let tokens = slow::tokens(source);
    let (members, has_proto) = slow::census(tree);
    // Of two members with one name the tree keeps one; every colon outside of strings was a member.
    let colons = tokens.iter().filter(|token| **token == Token::Other(":")).count();
    let found = [
        (ParseErrorKind::TooLong, source.len() > MAX_BYTES),
        (ParseErrorKind::TooDeep, depth(&tokens) > MAX_DEPTH),
        (ParseErrorKind::DuplicateMember, colons > members),
        (ParseErrorKind::ProtoMember, has_proto),
        (
            ParseErrorKind::IntegerNotExact,
            literals(source).any(is_inexact_integer),
        ),
        (ParseErrorKind::NumberNotFinite, literals(source).any(is_infinite)),
    ];
    found
        .into_iter()
        .filter_map(|(kind, is_there)| is_there.then_some(kind))
        .collect()
}

fn literals(json: &str) -> impl Iterator<Item = &str> {
    slow::tokens(json).into_iter().filter_map(|token| match token {
        Token::Number(literal) => Some(literal),
        _ => None,
    })
}

fn is_inexact_integer(literal: &str) -> bool {
    !literal.contains(['.', 'e', 'E'])
        && literal
            .parse::<f64>()
            .is_ok_and(|value| value.abs() >= 9_007_199_254_740_992.0)
}

fn is_infinite(literal: &str) -> bool {
    literal.parse::<f64>().is_ok_and(f64::is_infinite)
}

fn depth(tokens: &[Token<'_>]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in tokens {
        match token {
            Token::Other("[" | "{") => depth += 1,
            Token::Other("]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
