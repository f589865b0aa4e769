//! `envelope-v2-sign.json`: messages of version 2, signed, verified and received.

use parchment_core::{
    canonical::{self, Value},
    envelope::{Form, SignedMessage},
};

use super::{
    envelope::{judge_delivery, judge_message, recorded, sign},
    reader::{Case, VectorFile},
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(file: &VectorFile, case: &Case<'_>) -> Finding {
    let text = match case.kind() {
        "sign" => judge_signing(case),
        "verify" | "wire" => Finding::AsUpstream,
        _ => return Finding::UnknownKind,
    };
    text.and(judge_reading(case))
        .and(judge_delivery(file, case, body(case)))
}

/// The body of the request: the envelope and, as its last member, the signature as it stands in the case.
fn body(case: &Case<'_>) -> Ours<String> {
    let envelope = case.json_input("envelope_json")?;
    let signature = serde_json::to_string(case.input("signature")?).unwrap();
    let Some(members) = envelope.trim_end().strip_suffix('}') else {
        return Ok(envelope.to_owned());
    };
    let comma = if members.trim_end().ends_with('{') { "" } else { "," };
    Ok(format!("{members}{comma}\"signature\":{signature}}}"))
}

/// Upstream signs any eight members, be the message sound or not: their canonical text is the same here.
fn judge_signing(case: &Case<'_>) -> Finding {
    let ours = case
        .json_input("envelope_json")
        .and_then(|envelope| Ok(canonical::to_string(&canonical::parse(envelope.as_bytes())?)))
        .and_then(|text| sign(case, text));
    compare(Some(recorded(case)), ours)
}

/// What can be read as a message has the recorded text; whether it has to be readable, delivery shows.
fn judge_reading(case: &Case<'_>) -> Finding {
    match read(case) {
        // Upstream signs what it is given, but verifies with the defaults of absent members filled in.
        Ok((body, _)) if case.kind() == "sign" && !has_all_members(&body) => Finding::AsUpstream,
        Ok((_, message)) if matches!(message.message().form(), Form::V2 { .. }) => judge_message(case, &message),
        // Upstream signs what it would refuse to receive; by rule, this crate does neither.
        Err(Reason { rule: Some(rule), .. }) if case.kind() == "sign" => Finding::Stricter(rule),
        _ => Finding::AsUpstream,
    }
}

fn read(case: &Case<'_>) -> Ours<(Value, SignedMessage)> {
    let body = canonical::parse(body(case)?.as_bytes())?;
    let message = SignedMessage::read(&body)?;
    Ok((body, message))
}

/// Whether the two members are there that have defaults.
fn has_all_members(body: &Value) -> bool {
    ["message_version", "payload"]
        .iter()
        .all(|name| body.as_object().is_some_and(|body| body.get(name).is_some()))
}
