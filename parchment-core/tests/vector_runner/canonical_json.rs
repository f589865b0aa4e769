//! `canonical-json.json`: from JSON text to canonical text and its hash.

use parchment_core::canonical;

use super::{
    reader::Case,
    verdict::{Finding, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let upstream = case
        .flag("valid")
        .then(|| (case.text("canonical").to_owned(), case.text("sha256").to_owned()));
    let ours = case.json_input("input").and_then(|input| {
        let value = canonical::parse(input.as_bytes())?;
        Ok((canonical::to_string(&value), canonical::digest(&value).to_base64()))
    });
    compare(upstream, ours)
}
