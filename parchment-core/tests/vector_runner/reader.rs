//! Reads vector files, lone surrogates included.

use std::{
    fs,
    path::{Path, PathBuf},
};

use parchment_core::{encoding, seal::SealNonce};
use serde_json::{Map, Value};

use super::{
    base64,
    verdict::{Ours, Reason},
};

/// Stands for an escape of half a surrogate pair, which no Rust string can hold.
///
/// Non-characters fence it, so that no text of a case is mistaken for it.
const LONE_SURROGATE: &str = "\u{fdd0}lone surrogate\u{fdd0}";

/// The JSON files of a folder, by name.
pub(crate) fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// One vector file.
pub(crate) struct VectorFile {
    pub(crate) name: String,
    members: Map<String, Value>,
}

impl VectorFile {
    pub(crate) fn read(path: &Path) -> Self {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let members = serde_json::from_str(&mark_lone_surrogates(&text));
        Self {
            members: members.unwrap_or_else(|error| panic!("{name}: {error}")),
            name,
        }
    }

    pub(crate) fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        let cases = self.members.get("cases").and_then(Value::as_array);
        let cases = cases.unwrap_or_else(|| panic!("{} has no cases", self.name));
        cases
            .iter()
            .map(|case| Case(case.as_object().expect("a case is an object")))
    }

    /// A text beside the cases, or what it is in the files as they were recorded.
    pub(crate) fn text_or(&self, name: &str, otherwise: &'static str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or(otherwise)
    }

    /// An object beside the cases.
    pub(crate) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.members.get(name).and_then(Value::as_object)
    }
}

/// One case, or one step of a case.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a>(&'a Map<String, Value>);

impl<'a> Case<'a> {
    /// What the case is called in reports.
    pub(crate) fn title(&self) -> String {
        match self.optional_text("name") {
            Some(name) => name.to_owned(),
            None => Value::Object(self.0.clone()).to_string(),
        }
    }

    /// The name of the case; empty where it has none.
    pub(crate) fn name(&self) -> &'a str {
        self.optional_text("name").unwrap_or_default()
    }

    /// The kind of the case; empty where the file has only one.
    pub(crate) fn kind(&self) -> &'a str {
        self.optional_text("kind").unwrap_or_default()
    }

    /// A text that upstream was given.
    pub(crate) fn input(&self, name: &str) -> Ours<&'a str> {
        self.scalar_text(name, 17)
    }

    /// A JSON text that upstream was given.
    pub(crate) fn json_input(&self, name: &str) -> Ours<&'a str> {
        self.scalar_text(name, 1)
    }

    fn scalar_text(&self, name: &str, rule: u8) -> Ours<&'a str> {
        Self::of_scalars(self.text(name), rule)
    }

    fn of_scalars<T: AsRef<str>>(text: T, rule: u8) -> Ours<T> {
        if text.as_ref().contains(LONE_SURROGATE) {
            return Err(Reason::new(rule, "the text is not a sequence of Unicode scalar values"));
        }
        Ok(text)
    }

    /// A text that the case must have.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.optional_text(name)
            .unwrap_or_else(|| panic!("the case has no text {name}"))
    }

    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name)
            .and_then(Value::as_bool)
            .unwrap_or_else(|| panic!("the case has no flag {name}"))
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        self.get(name)
            .and_then(Value::as_f64)
            .unwrap_or_else(|| panic!("the case has no number {name}"))
    }

    /// An object of texts, such as headers.
    pub(crate) fn texts(&self, name: &str) -> Vec<(&'a str, &'a str)> {
        let members = self.get(name).and_then(Value::as_object);
        let members = members.unwrap_or_else(|| panic!("the case has no object {name}"));
        members
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().expect("a text")))
            .collect()
    }

    /// The steps of a sequence.
    pub(crate) fn steps(&self) -> Option<Vec<Case<'a>>> {
        let steps = self.get("steps")?.as_array().expect("steps are an array");
        Some(
            steps
                .iter()
                .map(|step| Case(step.as_object().expect("a step is an object")))
                .collect(),
        )
    }

    /// An object inside the case.
    pub(crate) fn part(&self, name: &str) -> Case<'a> {
        let members = self.get(name).and_then(Value::as_object);
        Case(members.unwrap_or_else(|| panic!("the case has no object {name}")))
    }

    /// The value of a JSON string literal that upstream was given.
    pub(crate) fn literal(&self, name: &str) -> Ours<String> {
        Self::of_scalars(literal(self.text(name)), 17)
    }

    /// The members of a JSON text, as an object of its own.
    pub(crate) fn members_of(text: &str) -> Map<String, Value> {
        serde_json::from_str(&mark_lone_surrogates(text)).expect("the text is a JSON object")
    }

    /// A case of such members.
    pub(crate) fn of(members: &'a Map<String, Value>) -> Self {
        Self(members)
    }

    /// Bytes that upstream was given in base64, in whatever spelling.
    pub(crate) fn bytes(&self, name: &str) -> Ours<Vec<u8>> {
        let text = self.input(name)?;
        encoding::decode(text).map_err(|error| base64::reason_for(text, error))
    }

    /// Thirty-two bytes that upstream was given; other lengths are no keys by rule 17.17.
    pub(crate) fn key(&self, name: &str) -> Ours<[u8; 32]> {
        let bytes = self.bytes(name)?;
        let length = bytes.len();
        bytes
            .try_into()
            .map_err(|_| Reason::new(17, format!("{name} has {length} bytes")))
    }

    /// Twelve bytes that upstream drew.
    pub(crate) fn nonce(&self, name: &str) -> SealNonce {
        let bytes = encoding::decode_array(self.text(name)).expect("a drawn nonce has 12 bytes");
        SealNonce::from_bytes(bytes)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }
}

/// The value of a JSON string literal, half surrogate pairs marked.
pub(crate) fn literal(text: &str) -> String {
    serde_json::from_str(&mark_lone_surrogates(text)).expect("the text is a JSON string")
}

/// Replaces `\uD800` to `\uDFFF` by [`LONE_SURROGATE`] wherever the other half is missing.
fn mark_lone_surrogates(json: &str) -> String {
    let mut marked = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        marked.push_str(before);
        let length = match code_unit(escape) {
            None => 2,
            Some(0xd800..0xdc00) if matches!(code_unit(&escape[6..]), Some(0xdc00..0xe000)) => 12,
            Some(0xd800..0xe000) => {
                marked.push_str(LONE_SURROGATE);
                rest = &escape[6..];
                continue;
            }
            Some(_) => 6,
        };
        let (escape, after) = escape.split_at(length);
        marked.push_str(escape);
        rest = after;
    }
    marked + rest
}

/// The code unit of the `\uXXXX` at the start of a text.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}
