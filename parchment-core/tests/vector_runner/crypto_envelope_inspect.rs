//! `crypto-envelope-inspect.json`: looking at envelopes without a key.

use parchment_core::seal::{ShapeError, inspect};
use serde_json::Value;

use super::{
    base64,
    reader::Case,
    verdict::{Finding, compare},
};

/// What can be seen: the version, whether it is 2, and what is wrong with the shape.
type Seen = (Option<u64>, bool, Option<String>);

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    if !case.kind().is_empty() {
        return Finding::UnknownKind;
    }
    let upstream: Seen = (
        case.get("version").and_then(Value::as_u64),
        case.flag("is_v2"),
        (!case.flag("shape_valid")).then(|| case.text("reason").to_owned()),
    );
    // Upstream's client tells "no base64" from "no bytes", and else sees the same.
    let by_client = case.get("web_version");
    if by_client.is_some_and(|seen| *seen != "throws" && seen.as_u64() != upstream.0) {
        return Finding::Wrong("client and server of upstream see different versions".to_owned());
    }
    let input = match case.input("input") {
        Ok(input) => input,
        // What is no text of scalars is no base64 either.
        Err(reason) => return compare(upstream.2.is_none().then_some(upstream), Err(reason)),
    };
    let inspection = inspect(input);
    if inspection.shape == Err(ShapeError::Base64) && upstream.2.as_deref() != Some("bad_base64") {
        // Upstream reads other spellings; rule 17.4 does not, and then there is nothing to see.
        return match base64::is_other_spelling(input) && inspection.version.is_none() {
            true => Finding::Stricter(4),
            false => Finding::Wrong("refused as base64 without a reason".to_owned()),
        };
    }
    let reason = inspection.shape.err().map(|error| error.reason().to_owned());
    compare(
        Some(upstream),
        Ok((inspection.version.map(u64::from), inspection.is_v2(), reason)),
    )
}
