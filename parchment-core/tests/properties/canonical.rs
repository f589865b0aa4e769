//! Canonical JSON: one text for one value, and a second and a third opinion on it.

use parchment_core::canonical::{self, ParseErrorKind, Value};
use proptest::prelude::*;

use crate::{
    cases,
    json::{value, whims, write_freely},
};

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn what_is_written_reads_back_as_the_same_value(value in value()) {
        let text = canonical::to_string(&value);
        prop_assert_eq!(canonical::parse(text.as_bytes()), Ok(value));
    }

    #[test]
    fn however_a_value_is_written_down_its_canonical_text_is_one(value in value(), whims in whims()) {
        let free = write_freely(&value, &whims);
        let read = canonical::parse(free.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&value), "{}", free);
        let text = canonical::to_string(&read.unwrap());
        prop_assert_eq!(&text, &canonical::to_string(&value));
        let again = canonical::to_string(&canonical::parse(text.as_bytes()).unwrap());
        prop_assert_eq!(again, text);
    }

    #[test]
    fn a_second_reader_and_a_second_writer_agree(value in value(), whims in whims()) {
        let free = write_freely(&value, &whims);
        let second: serde_json::Value = serde_json::from_str(&free).unwrap();
        prop_assert!(is_same(&value, &second), "{} read as {}", free, second);
        if !has_index_names(&second) {
            let theirs = serde_json_canonicalizer::to_string(&second).unwrap();
            prop_assert_eq!(theirs, canonical::to_string(&value));
        }
    }

    #[test]
    fn on_damaged_texts_the_second_reader_is_never_the_stricter_one(
        value in value(),
        whims in whims(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}\",:0-9eE+.tfn\\\\u -]"), 1..3),
    ) {
        let mut characters: Vec<char> = write_freely(&value, &whims).chars().collect();
        for (at, character) in damage {
            let at = at.index(characters.len());
            characters[at] = character.chars().next().unwrap();
        }
        judge_by_second_reader(&String::from_iter(characters))?;
    }

    #[test]
    fn on_random_texts_the_second_reader_is_never_the_stricter_one(text in "[\\[\\]{}\",:019eE+.\\\\u \\-]{0,16}") {
        judge_by_second_reader(&text)?;
    }
}

/// What is read here, another reader reads alike; what is no JSON here, is none there.
fn judge_by_second_reader(text: &str) -> Result<(), TestCaseError> {
    let second = serde_json::from_str::<serde_json::Value>(text);
    match canonical::parse(text.as_bytes()) {
        Ok(value) => {
            let second = second.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            prop_assert!(is_same(&value, &second), "{}", text);
        }
        Err(error) if matches!(error.kind(), ParseErrorKind::Malformed(_)) => {
            prop_assert!(second.is_err(), "{}: {}", text, error);
        }
        Err(_) => {}
    }
    Ok(())
}

fn is_same(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
        (Value::Number(ours), serde_json::Value::Number(theirs)) => Some(ours.get()) == theirs.as_f64(),
        (Value::String(ours), serde_json::Value::String(theirs)) => ours == theirs,
        (Value::Array(ours), serde_json::Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Object(ours), serde_json::Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(name, ours)| theirs.get(name).is_some_and(|theirs| is_same(ours, theirs)))
        }
        _ => false,
    }
}

/// Whether any name begins with a digit: upstream orders indices by number, RFC 8785 does not.
fn has_index_names(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(elements) => elements.iter().any(has_index_names),
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.starts_with(|c: char| c.is_ascii_digit()) || has_index_names(value)),
        _ => false,
    }
}

#[test]
fn an_integer_too_large_to_be_exact_is_written_but_not_read_back() {
    for literal in ["9007199254740992.0", "1e20", "999999999999999868928e0"] {
        let text = canonical::to_string(&canonical::parse(literal.as_bytes()).unwrap());
        let error = canonical::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::IntegerNotExact, "{text}");
    }
}
