//! `timestamps.json`: what is a timestamp, and when it is fresh.

use parchment_core::time::{Timestamp, UnixMillis};
use serde_json::Value;

use super::{
    reader::Case,
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "parse" => judge_parse(case),
        "fresh" => judge_fresh(case),
        _ => Finding::UnknownKind,
    }
}

fn judge_parse(case: &Case<'_>) -> Finding {
    let upstream = case.get("epoch_ms").and_then(Value::as_i64);
    let ours = parse(case)
        .map(|timestamp| timestamp.instant().0)
        .map_err(|reason| match upstream {
            // The rule is no excuse for a text that it allows.
            Some(instant) if is_rfc3339_in_utc(case.text("input"), instant) => Reason::new(None, "this is RFC 3339"),
            _ => reason,
        });
    compare(upstream, ours)
}

fn judge_fresh(case: &Case<'_>) -> Finding {
    let now = UnixMillis(case.number("now_ms") as i64);
    let window = (case.number("skew_seconds") * 1000.0) as i64;
    let ours = parse(case).and_then(|timestamp| match timestamp.is_within(now, window) {
        true => Ok(()),
        false => Err(Reason::new(None, "not fresh")),
    });
    compare(case.flag("fresh").then_some(()), ours)
}

fn parse(case: &Case<'_>) -> Ours<Timestamp> {
    let input = case.input("input")?;
    let timestamp = Timestamp::parse(input)?;
    assert!(has_shape_of_rfc3339(input), "rule 17.5 knows no other forms");
    Ok(timestamp)
}

/// Whether digits and marks stand where they stand in RFC 3339, with a zone at the end.
fn has_shape_of_rfc3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else {
        return false;
    };
    let zone = rest
        .strip_prefix('.')
        .map_or(rest, |fraction| fraction.trim_start_matches('0'));
    ["Z", "+00:00", "-00:00"].contains(&zone)
}

/// Whether a text is the written form of an instant, but for the case of letters and the fraction.
fn is_rfc3339_in_utc(text: &str, instant: i64) -> bool {
    let text = text.to_uppercase();
    let written = UnixMillis(instant).to_string();
    let fraction = text
        .strip_prefix(&written[..19])
        .and_then(|rest| rest.strip_suffix('Z'));
    fraction.is_some_and(|fraction| {
        let digits = fraction.strip_prefix('.').unwrap_or("0");
        (fraction.is_empty() || fraction.starts_with('.'))
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}
