//! `prf.json`: the salt, PRF outputs, and recovery slots.

use parchment_core::{
    derive::{MasterSeed, PrfWrapKey},
    encoding,
    prf::{self, PrfError, PrfOutput},
    seal::{Aad, Envelope, RawRecord},
    slot::{Slot, SlotError, SlotPlace},
};

use super::{
    base64,
    reader::Case,
    sealed::{check_spelling, holds_other_spelling, identity, must, not_signed, signing_key},
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "salt" => compare(
            Some((case.text("salt").to_owned(), case.text("as_webauthn_json").to_owned())),
            Ok((encoding::encode(&prf::SALT), prf::salt_for_webauthn())),
        ),
        "wrap-key" => {
            let upstream = case.flag("ok").then(|| case.text("wrap_key").to_owned());
            compare(upstream, wrap_key(case).map(|key| encoding::encode(key.expose())))
        }
        "prf-output-text" => judge_output_text(case),
        "build" => judge_build(case),
        "verify" => compare(case.flag("valid").then_some(()), verify(case)),
        "unwrap" => {
            let upstream = case.flag("ok").then(|| case.text("seed").to_owned());
            compare(upstream, unwrap(case).map(|seed| seed.to_recovery_key().to_string()))
        }
        _ => Finding::UnknownKind,
    }
}

fn wrap_key(case: &Case<'_>) -> Ours<PrfWrapKey> {
    let output = PrfOutput::from_bytes(&case.bytes("prf_output")?);
    output.wrap_key().map_err(|error| Reason::new(None, error))
}

/// Upstream decodes a text first, and then takes an empty output for none.
fn judge_output_text(case: &Case<'_>) -> Finding {
    let text = case.input("input");
    let ours = text.and_then(|text| match PrfOutput::from_text(text) {
        Ok(output) => Ok(encoding::encode(output.expose())),
        Err(PrfError::Missing) => Err(Reason::new(None, PrfError::Missing)),
        Err(error) => {
            let standard = text.replace('-', "+").replace('_', "/");
            let padding = "=".repeat(standard.len().wrapping_neg() % 4);
            let padded = if standard.contains('=') {
                standard
            } else {
                standard + &padding
            };
            Err(Reason::new(base64::is_other_spelling(&padded).then_some(4), error))
        }
    });
    let extracted = case.optional_text("extracted").filter(|text| !text.is_empty());
    compare(extracted.map(str::to_owned), ours)
}

fn slot_of(case: &Case<'_>) -> Ours<Slot> {
    let slot = case.part("slot");
    let member = |name: &str| match slot.optional_text(name) {
        Some(_) => slot.input(name).map(str::to_owned),
        None => Err(Reason::new(None, format!("the slot has no {name}"))),
    };
    Ok(Slot {
        credential_id: member("credentialId")?,
        wrapped_km: member("wrappedKm")?,
        wrap_algo: member("wrapAlgo")?,
        slot_signature: member("slotSignature")?,
    })
}

fn verify(case: &Case<'_>) -> Ours<()> {
    let slot = slot_of(case)?;
    let identity = identity(case, "identity_public")?;
    let place = SlotPlace {
        user_id: case.input("user_id")?,
        credential_id: &slot.credential_id,
    };
    match slot.verify(place, &identity) {
        Ok(_) => Ok(()),
        Err(SlotError::Signature(_)) => check_spelling(&case.part("slot"), "slotSignature"),
        Err(error) => Err(signature_reason(&slot, error)),
    }
}

fn signature_reason(slot: &Slot, error: SlotError) -> Reason {
    not_signed(&encoding::decode(&slot.slot_signature).unwrap_or_default(), error)
}

/// What upstream's unwrapping checks: neither signature nor identity.
fn unwrap(case: &Case<'_>) -> Ours<MasterSeed> {
    let slot = slot_of(case)?;
    let (user_id, key) = (case.input("user_id")?, wrap_key(case)?);
    slot.danger_unwrap_unverified(user_id, &key).map_err(|error| {
        let by_rule_4 = match error {
            SlotError::Unusable(_) => base64::is_other_spelling(&slot.wrapped_km),
            SlotError::NotASeed => {
                let record = RawRecord(Aad {
                    user_id: user_id.into(),
                    record_type: "wrapped-master-key".into(),
                    record_id: (&*slot.credential_id).into(),
                    key_context: "parchment-prf-wrap-v1".into(),
                });
                let envelope = Envelope::from_base64(&slot.wrapped_km).expect("it was read before");
                holds_other_spelling(&record, key.expose(), &envelope)
            }
            _ => false,
        };
        Reason::new(by_rule_4.then_some(4), error)
    })
}

fn judge_build(case: &Case<'_>) -> Finding {
    let place = SlotPlace {
        user_id: case.text("user_id"),
        credential_id: case.text("credential_id"),
    };
    let build = || {
        let (seed, identity) = (
            MasterSeed::from_bytes(&case.key("seed")?),
            signing_key(case, "identity_private")?,
        );
        assert_eq!(identity.verifying_key(), self::identity(case, "identity_public")?);
        let key = wrap_key(case)?;
        let slot = Slot::wrap_signed_by(&identity, &seed, &key, place, case.nonce("nonce"))?;
        let text = slot.signed_text(place.user_id);
        Ok((encoding::encode(key.expose()), slot, text))
    };
    let upstream = slot_of(case).map(|slot| {
        let text = case.text("signature_input").to_owned();
        (case.text("wrap_key").to_owned(), slot, text)
    });
    let read_back = || {
        let (slot, key) = (slot_of(case)?, wrap_key(case)?);
        let identity = identity(case, "identity_public")?;
        let verified = slot
            .verify(place, &identity)
            .map_err(|error| signature_reason(&slot, error))?;
        let seed = unwrap(case)?;
        // Whole, the chain gives the seed to nobody but the identity that signed.
        assert_eq!(verified.unwrap(&key).is_ok(), seed.is_of(&identity));
        Ok(seed.to_recovery_key().to_string())
    };
    compare(upstream.ok(), build())
        .and(compare(case.optional_text("unwrapped").map(str::to_owned), read_back()))
        .and(must(
            case.text("plaintext") == case.text("seed"),
            "the plaintext is the text of the seed",
        ))
}
