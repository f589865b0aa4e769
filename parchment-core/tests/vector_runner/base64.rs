//! `base64.json`: base64, Ed25519 signatures and key generation.

use parchment_core::{
    encoding::{self, Base64Error},
    keys::SigningKey,
};

use super::{
    ed25519,
    reader::Case,
    verdict::{Finding, Ours, Reason, compare},
};

/// The text that cases of kind `keygen` sign.
const SIGNED_BY_NEW_KEYS: &str = "edge";

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "base64" => judge_base64(case),
        "encode" => compare(Some(case.text("text").to_owned()), encode(case)),
        "ed25519" => ed25519::judge_bytes(case),
        "ed25519-text" => ed25519::judge_texts(case),
        "keygen" => {
            let upstream = (
                case.text("public_key").to_owned(),
                case.text("signature_of_edge").to_owned(),
            );
            compare(Some(upstream), key_and_signature(case))
        }
        "keygen-length" => compare(case.flag("ok").then_some(()), key_and_signature(case).map(drop)),
        _ => Finding::UnknownKind,
    }
}

fn judge_base64(case: &Case<'_>) -> Finding {
    // What upstream decoded is recorded in canonical base64.
    let upstream = case.flag("ok").then(|| case.text("decoded").to_owned());
    let ours = case.input("input").and_then(|input| match encoding::decode(input) {
        Ok(bytes) => {
            let text = encoding::encode(&bytes);
            assert_eq!(text, input, "rule 17.4 knows one text for each value");
            Ok(text)
        }
        // The rule is no excuse for refusing the canonical text itself.
        Err(_) if upstream.as_deref() == Some(input) => Err(Reason::new(None, "this is canonical")),
        Err(error) => Err(error.into()),
    });
    compare(upstream, ours)
}

fn encode(case: &Case<'_>) -> Ours<String> {
    Ok(encoding::encode(&encoding::decode(case.input("bytes")?)?))
}

fn key_and_signature(case: &Case<'_>) -> Ours<(String, String)> {
    let key = SigningKey::from_base64(case.input("seed")?)?;
    Ok((
        key.verifying_key().to_base64(),
        key.sign(SIGNED_BY_NEW_KEYS).to_base64(),
    ))
}

/// Why a text was refused as base64: by rule 17.4 if upstream reads it and would write it otherwise, else by none.
pub(crate) fn reason_for(text: &str, error: Base64Error) -> Reason {
    Reason::new(is_other_spelling(text).then_some(4), error)
}

/// Whether a text is base64 as upstream reads it, and not as anybody writes it.
pub(crate) fn is_other_spelling(text: &str) -> bool {
    forgiving(text).is_some_and(|bytes| encoding::encode(&bytes) != text)
}

/// Decodes as upstream does (protocol section 15): white space anywhere, padding or none, loose trailing bits.
fn forgiving(text: &str) -> Option<Vec<u8>> {
    let mut text: String = text.chars().filter(|c| !" \t\n\u{c}\r".contains(*c)).collect();
    if text.len().is_multiple_of(4) {
        let padding = text.bytes().rev().take(2).take_while(|b| *b == b'=').count();
        text.truncate(text.len() - padding);
    }
    let value = |c| match c {
        b'A'..=b'Z' => Some(u32::from(c - b'A')),
        b'a'..=b'z' => Some(u32::from(c - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(c - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let values: Vec<u32> = text.bytes().map(value).collect::<Option<_>>()?;
    if values.len() % 4 == 1 {
        return None;
    }
    let group = |group: &[u32]| {
        let bits = group.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - group.len()));
        bits.to_be_bytes()[1..group.len()].to_vec()
    };
    Some(values.chunks(4).flat_map(group).collect())
}
