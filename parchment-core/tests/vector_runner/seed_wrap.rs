//! `seed-wrap.json`: the seed as a browser keeps it.

use parchment_core::{
    derive::{MasterSeed, SeedWrapKey},
    encoding,
    seed_wrap::{self, DeviceSecret, StoredSeedError},
};

use super::{
    base64,
    reader::Case,
    sealed::must,
    verdict::{Finding, Ours, Reason, compare},
};

/// What the cases write where the secret cannot be fetched.
const UNREACHABLE: &str = "unavailable";

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "wrap" => judge_wrap(case),
        "read" => judge_reading(case, "wrap_secret", "stored_text", "seed"),
        "sequence" => judge_sequence(case),
        _ => Finding::UnknownKind,
    }
}

fn key(case: &Case<'_>, secret: &str) -> Ours<SeedWrapKey> {
    let text = case.input(secret)?;
    let secret = DeviceSecret::from_base64(text).map_err(|error| base64::reason_for(text, error))?;
    Ok(secret.wrap_key())
}

/// The seed, and whether what is stored is to be kept.
fn read(case: &Case<'_>, secret: &str, stored: &str) -> (Ours<String>, bool) {
    if case.text(secret) == UNREACHABLE {
        return (Err(Reason::new(None, "the secret cannot be fetched")), true);
    }
    let key = match key(case, secret) {
        Ok(key) => key,
        Err(reason) => return (Err(reason), true),
    };
    let (device, text) = match (case.input("device_id"), case.input(stored)) {
        (Ok(device), Ok(text)) => (device, text),
        (Err(reason), _) | (_, Err(reason)) => return (Err(reason), true),
    };
    match seed_wrap::open(text, device, &key) {
        Ok(seed) => (Ok(seed.to_recovery_key().to_string()), true),
        Err(error) => {
            let other_spelling = error == StoredSeedError::Undecodable && base64::is_other_spelling(text);
            (Err(Reason::new(other_spelling.then_some(4), error)), !error.is_final())
        }
    }
}

fn judge_reading(case: &Case<'_>, secret: &str, stored: &str, seed: &str) -> Finding {
    let upstream = case.optional_text(seed).map(str::to_owned);
    let (ours, kept) = read(case, secret, stored);
    // What is refused by a rule is always kept: nothing is lost by being strict.
    let by_rule = ours.as_ref().is_err_and(|reason| reason.rule.is_some());
    let expected = case
        .get("envelope_kept")
        .is_none_or(|_| kept == case.flag("envelope_kept"));
    compare(upstream, ours).and(must(expected || by_rule && kept, "the stored text is kept, or deleted"))
}

fn judge_wrap(case: &Case<'_>) -> Finding {
    let wrap = || {
        let seed = MasterSeed::from_bytes(&case.key("seed")?);
        let key = key(case, "wrap_secret")?;
        let sealed = seed_wrap::seal(&seed, case.input("device_id")?, &key, case.nonce("nonce"))?;
        Ok(sealed.to_base64())
    };
    let derived = key(case, "wrap_secret").map(|key| encoding::encode(key.expose()));
    compare(Some(case.text("envelope").to_owned()), wrap())
        .and(compare(Some(case.text("wrap_key").to_owned()), derived))
        .and(must(
            (case.text("stored_text") == case.text("envelope")) == case.flag("stored_matches"),
            "what is stored is the envelope",
        ))
        .and(judge_reading(case, "wrap_secret", "stored_text", "reads_back"))
}

/// A device whose secret changes.
fn judge_sequence(case: &Case<'_>) -> Finding {
    let (first, _) = read(case, "first_secret", "stored_text");
    let (second, kept) = read(case, "second_secret", "stored_text");
    must(
        first.is_ok() == case.flag("opens_with_first"),
        "it opens with the first secret, or does not",
    )
    .and(must(
        second.is_ok() == case.flag("opens_with_second"),
        "it opens with the second, or does not",
    ))
    .and(must(
        kept == case.flag("envelope_kept"),
        "the stored text is kept, or deleted",
    ))
    .and(compare(
        case.optional_text("seed_after_reload").map(str::to_owned),
        second,
    ))
}
