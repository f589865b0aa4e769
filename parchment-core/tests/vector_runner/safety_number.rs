//! `safety-number.json`.

use parchment_core::safety::SafetyNumber;

use super::{
    reader::Case,
    sealed::must,
    verdict::{Finding, Ours, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    if !case.kind().is_empty() {
        return Finding::UnknownKind;
    }
    let upstream = case
        .flag("ok")
        .then(|| (case.text("digits").to_owned(), case.text("display").to_owned()));
    compare(upstream, number(case, "a", "b")).and(match (number(case, "a", "b"), number(case, "b", "a")) {
        (Ok(one), Ok(other)) => must(one == other, "both see the same digits"),
        _ => Finding::AsUpstream,
    })
}

fn number(case: &Case<'_>, one: &str, other: &str) -> Ours<(String, String)> {
    let number = SafetyNumber::of_bytes(&case.key(one)?, &case.key(other)?);
    Ok((number.digits(), number.to_string()))
}
