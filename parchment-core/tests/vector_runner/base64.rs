//! `base64.json`: base64, Ed25519 signatures and key generation.

use parchment_core::{encoding, keys::SigningKey};

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
