//! The strict verdict on signatures, worked out from recorded verdicts and bare bytes.
//!
//! Rule 17.3 defines it so: OpenSSL accepts, and neither key nor R is of small order or
//! non-canonical. What is of small order is looked up here in a list, so that this opinion does not
//! depend on the arithmetic that it judges.

use parchment_core::{
    encoding,
    keys::{Signature, VerifyingKey},
    refusal::{Code, Refusal},
};
use serde_json::Value;

use super::{
    reader::Case,
    verdict::{Finding, Ours, Reason, compare},
};

/// Cases that give keys and signatures as bytes.
pub(crate) fn judge_bytes(case: &Case<'_>) -> Finding {
    let (key, signature) = (bytes_of(case, "public_key"), bytes_of(case, "signature"));
    let ours = verify(case, &key, &signature);
    let expected = case.get("openssl").and_then(Value::as_bool).unwrap_or(false) && is_strict(&key, &signature);
    if case.input("message").is_ok() && ours.is_ok() != expected {
        return Finding::Wrong(format!("the strict verdict is {expected}, ours {ours:?}"));
    }
    compare(upstream(case), ours)
}

/// Cases that give them as texts, however spelled.
pub(crate) fn judge_texts(case: &Case<'_>) -> Finding {
    let ours = || {
        let signature = Signature::from_base64(case.input("signature")?)?;
        let key = VerifyingKey::from_base64(case.input("public_key")?)?;
        Ok(key.verify(case.input("message")?.as_bytes(), &signature)?)
    };
    compare(upstream(case), ours())
}

/// Why a request was refused that carries these signatures.
///
/// When a signature does not verify, strictness (rule 17.3) explains it only where R is one of
/// those that the rule is about; otherwise it does not verify, and upstream must find so too.
pub(crate) fn reason_for(refusal: Refusal, signatures: &[&str]) -> Reason {
    let is_about_signatures = matches!(refusal.code(), Code::InvalidSignature | Code::InvalidServerSignature);
    let is_plain = |text: &&str| has_plain_r(&encoding::decode(text).unwrap_or_default());
    if is_about_signatures && signatures.iter().all(is_plain) {
        return Reason::new(None, refusal);
    }
    refusal.into()
}

/// Whether a signature has an R that strictness has nothing to say about.
pub(crate) fn has_plain_r(signature: &[u8]) -> bool {
    let r = signature.first_chunk();
    r.is_some_and(|r| is_canonical(r) && !is_of_small_order(r))
}

/// True is acceptance; false and "malformed" are refusals.
fn upstream(case: &Case<'_>) -> Option<()> {
    (case.get("server") == Some(&Value::Bool(true))).then_some(())
}

fn verify(case: &Case<'_>, key: &[u8], signature: &[u8]) -> Ours<()> {
    let wrong_length = |_| Reason::new(None, "wrong length");
    let key = VerifyingKey::from_bytes(key.try_into().map_err(wrong_length)?)?;
    let signature = Signature::from_bytes(signature.try_into().map_err(wrong_length)?);
    Ok(key.verify(case.input("message")?.as_bytes(), &signature)?)
}

fn bytes_of(case: &Case<'_>, name: &str) -> Vec<u8> {
    encoding::decode(case.text(name)).expect("bytes are recorded in canonical base64")
}

/// Whether key and R are canonical and of large order.
fn is_strict(key: &[u8], signature: &[u8]) -> bool {
    let points = key.first_chunk::<32>().into_iter().chain(signature.first_chunk::<32>());
    points
        .into_iter()
        .all(|point| is_canonical(point) && !is_of_small_order(point))
}

/// p = 2^255 - 19, little-endian.
const P: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

fn without_sign(point: &[u8; 32]) -> [u8; 32] {
    let mut y = *point;
    y[31] &= 0x7f;
    y
}

/// Whether y is below p. (Points with x = 0 and the sign set are all of small order.)
fn is_canonical(point: &[u8; 32]) -> bool {
    without_sign(point).iter().rev().lt(P.iter().rev())
}

/// Whether y is that of a point whose order divides eight: 0, 1, -1, or one of two of order eight.
fn is_of_small_order(point: &[u8; 32]) -> bool {
    const ORDER_8: [&str; 2] = [
        "JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=",
        "xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=",
    ];
    let near_p = |difference: u8| {
        let mut bytes = P;
        bytes[0] = 0xed_u8.wrapping_add(difference);
        bytes
    };
    let mut one = [0; 32];
    one[0] = 1;
    let y = without_sign(point);
    // p and p + 1 are 0 and 1 once more, in non-canonical spelling.
    y == [0; 32]
        || y == one
        || (y == near_p(0xff) || y == near_p(0) || y == near_p(1))
        || ORDER_8.contains(&encoding::encode(&y).as_str())
}
