//! `envelope-v1-legacy.json`: the legacy signed text, and messages signed in it.

use parchment_core::{
    canonical,
    envelope::{SignedMessage, legacy},
};

use super::{
    envelope::{judge_delivery, judge_message, recorded, sign, verify},
    reader::{Case, VectorFile},
    verdict::{Finding, Ours, compare},
};

pub(crate) fn judge(file: &VectorFile, case: &Case<'_>) -> Finding {
    match case.kind() {
        "sign" => compare(
            Some(recorded(case)),
            signed_text(case).and_then(|text| sign(case, text)),
        ),
        "verify" => compare(
            Some(recorded(case)),
            signed_text(case).and_then(|text| verify(case, text)),
        ),
        "wire" => {
            let body = case.json_input("message_json").map(str::to_owned);
            judge_reading(case).and(judge_delivery(file, case, body))
        }
        _ => Finding::UnknownKind,
    }
}

fn signed_text(case: &Case<'_>) -> Ours<String> {
    let payload = canonical::parse(case.json_input("payload_json")?.as_bytes())?;
    Ok(legacy::signed_text(case.input("type")?, &payload))
}

/// What can be read as a message has the recorded text; whether it has to be readable, delivery shows.
fn judge_reading(case: &Case<'_>) -> Finding {
    let read = || SignedMessage::read(&canonical::parse(case.json_input("message_json").ok()?.as_bytes()).ok()?).ok();
    read().map_or(Finding::AsUpstream, |message| judge_message(case, &message))
}
