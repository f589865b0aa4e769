//! `key-hierarchy.json`: every derivation, told apart by what it is given and by its info text.

use parchment_core::{
    derive::{CollectionId, DeriveError, EciesKey, KeyVersion, MasterSeed, ShareContext, StaticShareKey, TransferKey},
    keys::{AgreementKey, AgreementSecret, EphemeralKey, EphemeralSecret, SharedSecret, SigningKey},
    prf::{self, PrfOutput},
    safety::SafetyNumber,
    seed_wrap::DeviceSecret,
    transfer::{SessionId, TransferCode},
};

use super::{
    base64,
    reader::Case,
    sealed::must,
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let has = |name| case.get(name).is_some();
    if !case.kind().is_empty() {
        Finding::UnknownKind
    } else if has("input") {
        compare(case.flag("ok").then(|| case.text("seed").to_owned()), import(case))
    } else if has("recovery_key") {
        let names = ["recovery_key", "signing_public_key", "encryption_public_key"];
        compare(
            Some(names.map(|name| case.text(name).to_owned()).to_vec()),
            published(case),
        )
    } else if has("key_a_v2") {
        let upstream = ["key_a_v2", "key_a_dash_v2_v1"].map(|name| case.bytes(name).unwrap());
        compare(Some(upstream.to_vec()), collision(case)).and(must(
            CollectionId::for_new("a-v2").is_err(),
            "rule 17.13 refuses new ids of this form",
        ))
    } else if has("info") {
        derivation(case)
    } else {
        Finding::UnknownKind
    }
}

/// A case that states all parameters of HKDF and its output.
fn derivation(case: &Case<'_>) -> Finding {
    let is_ours = case.text("hash") == "SHA-256" && case.get("salt").is_some_and(|salt| salt.is_null());
    let output = case.bytes("output").unwrap();
    must(
        is_ours && case.number("length") == output.len() as f64,
        "SHA-256, no salt, and a length that is there",
    )
    .and(compare(Some(output), derive(case)))
    .and(public_keys(case))
}

fn seed(case: &Case<'_>, name: &str) -> Ours<MasterSeed> {
    Ok(MasterSeed::from_bytes(&case.key(name)?))
}

fn derive(case: &Case<'_>) -> Ours<Vec<u8>> {
    let ikm = case.bytes("ikm")?;
    if case.get("collection_id").is_some() {
        let id = CollectionId::existing(case.input("collection_id")?);
        let suffix = match case.number("key_version") {
            1.0 => String::new(),
            version => format!("-v{version}"),
        };
        assert_eq!(
            case.text("info"),
            format!("parchment-collection-{}{suffix}", id.as_str())
        );
        let key = seed(case, "ikm")?.collection_key(&id, version(case.number("key_version"))?);
        check_marked(case, &id)?;
        return Ok(key.expose().to_vec());
    }
    Ok(match case.input("info")? {
        "parchment-signing-v1" => {
            // The seed itself is not given out; its public half tells one from another.
            let output = SigningKey::from_seed(&case.key("output")?);
            let same = output.verifying_key() == seed(case, "ikm")?.signing_key().verifying_key();
            if same { case.bytes("output")? } else { Vec::new() }
        }
        "parchment-encryption-v1" => seed(case, "ikm")?.encryption_secret().expose().to_vec(),
        "parchment-personal-v1" => seed(case, "ikm")?.personal_key().expose().to_vec(),
        "parchment-metadata-v1" => seed(case, "ikm")?.metadata_key().expose().to_vec(),
        "parchment-prf-salt-v2" if ikm == b"parchment" => prf::SALT.to_vec(),
        "parchment-prf-wrap-v1" => {
            let key = PrfOutput::from_bytes(&ikm).wrap_key();
            key.map_err(|error| Reason::new(None, error))?.expose().to_vec()
        }
        "parchment-seed-wrap-v1" => DeviceSecret::from_bytes(&ikm).wrap_key().expose().to_vec(),
        "parchment-device-sas-v1" => code(&ikm, &case.bytes("output")?)?,
        "parchment-safety-v1" => digits(&ikm, &case.bytes("output")?)?,
        "parchment-ecies-v1" => EciesKey::derive(&shared(case)?).expose().to_vec(),
        "parchment-device-transfer-v1" => TransferKey::derive(&shared(case)?).expose().to_vec(),
        context => StaticShareKey::derive(&shared(case)?, &context_of(context)?)
            .expose()
            .to_vec(),
    })
}

/// The typed context where there is one.
fn context_of(text: &str) -> Ours<ShareContext> {
    let other = ShareContext::other(text)?;
    let typed = match text {
        "parchment-share-v1" => ShareContext::DEFAULT,
        "parchment-share-collection-v1" => ShareContext::COLLECTION,
        "parchment-location-v1" => ShareContext::LOCATION,
        _ => match text.strip_prefix("parchment-collection-key-wrap:") {
            Some(id) => ShareContext::collection_key_wrap(&CollectionId::existing(id)),
            None => other.clone(),
        },
    };
    assert_eq!(typed, other);
    Ok(typed)
}

/// What was agreed on, by whichever halves the case gives; they must all come to the material it states.
fn shared(case: &Case<'_>) -> Ours<SharedSecret> {
    let has = |name| case.get(name).is_some();
    let stated = SharedSecret::from_bytes(&case.key("ikm")?)?;
    if has("my_private") {
        let own = AgreementSecret::from_bytes(&case.key("my_private")?);
        assert_eq!(own.agreement_key().to_base64(), case.text("my_public"));
        assert_eq!(
            own.agree(&AgreementKey::from_bytes(case.key("their_public")?)?)?,
            stated
        );
    }
    if has("ephemeral_private") {
        let once = EphemeralSecret::from_bytes(&case.key("ephemeral_private")?);
        assert_eq!(once.ephemeral_key().to_base64(), case.text("ephemeral_public"));
        if has("recipient_public") {
            let recipient = AgreementKey::from_bytes(case.key("recipient_public")?)?;
            assert_eq!(once.agree(&recipient)?, stated);
        }
    }
    if has("shared_secret") {
        assert_eq!(&case.key("shared_secret")?, stated.expose());
    }
    Ok(stated)
}

/// The output of a code, if the code is the one that follows from it.
fn code(ikm: &[u8], output: &[u8]) -> Ours<Vec<u8>> {
    let key = |at: usize| EphemeralKey::from_bytes(ikm[at..at + 32].try_into().unwrap());
    let session = std::str::from_utf8(&ikm[64..]).expect("a session id is a text");
    let session = SessionId::parse(session).map_err(|error| Reason::new(None, error))?;
    let number = u32::from_be_bytes(output.try_into().unwrap()) % 1_000_000;
    let ours = TransferCode::of(&key(0), &key(32), &session).to_string();
    Ok(if ours == format!("{number:06}") {
        output.to_vec()
    } else {
        Vec::new()
    })
}

/// The output of a safety number, if the digits are those that follow from it.
fn digits(ikm: &[u8], output: &[u8]) -> Ours<Vec<u8>> {
    let key = |at: usize| ikm[at..at + 32].try_into().unwrap();
    let number = u64::from_be_bytes(output.try_into().unwrap()) % 1_000_000_000_000;
    let ours = SafetyNumber::of_bytes(&key(0), &key(32)).digits();
    Ok(if ours == format!("{number:012}") {
        output.to_vec()
    } else {
        Vec::new()
    })
}

/// Canvases and routes are keyed like collections with a mark before their id; their own types must agree.
fn check_marked(case: &Case<'_>, id: &CollectionId) -> Ours<()> {
    if case.number("key_version") != 1.0 {
        return Ok(());
    }
    let (seed, expected) = (seed(case, "ikm")?, case.key("output")?);
    let marked = [
        id.as_str()
            .strip_prefix("canvas:")
            .map(|id| *seed.canvas_key(id).expose()),
        id.as_str()
            .strip_prefix("route:")
            .map(|id| *seed.route_key(id).expose()),
        id.as_str()
            .strip_prefix("route-body:")
            .map(|id| *seed.route_body_key(id).expose()),
    ];
    assert!(marked.into_iter().flatten().all(|key| key == expected));
    Ok(())
}

/// A version as JavaScript has it: any number. Rule 17.17 takes the integers from 1.
fn version(number: f64) -> Ours<KeyVersion> {
    if number.fract() != 0.0 || number < 1.0 {
        return Err(DeriveError::KeyVersion.into());
    }
    Ok(KeyVersion::new(number as u64)?)
}

fn import(case: &Case<'_>) -> Ours<String> {
    let input = case.input("input")?;
    match MasterSeed::from_recovery_key(input) {
        Ok(seed) => Ok(seed.to_recovery_key().to_string()),
        Err(error) => {
            // As JavaScript trims.
            let trimmed = input.trim_matches(|c: char| c == '\u{feff}' || c.is_whitespace() && c != '\u{85}');
            Err(Reason::new(base64::is_other_spelling(trimmed).then_some(4), error))
        }
    }
}

fn published(case: &Case<'_>) -> Ours<Vec<String>> {
    let seed = seed(case, "seed")?;
    Ok(vec![
        seed.to_recovery_key().to_string(),
        seed.signing_key().verifying_key().to_base64(),
        seed.encryption_secret().agreement_key().to_base64(),
    ])
}

/// The public half that some derivations come with.
fn public_keys(case: &Case<'_>) -> Finding {
    let Some(public) = case.optional_text("public_key") else {
        return Finding::AsUpstream;
    };
    let ours = seed(case, "ikm").map(|seed| match case.text("info") {
        "parchment-signing-v1" => seed.signing_key().verifying_key().to_base64(),
        _ => seed.encryption_secret().agreement_key().to_base64(),
    });
    compare(Some(public.to_owned()), ours)
}

fn collision(case: &Case<'_>) -> Ours<Vec<Vec<u8>>> {
    let seed = seed(case, "seed")?;
    let key = |id, version| {
        seed.collection_key(&CollectionId::existing(id), version)
            .expose()
            .to_vec()
    };
    Ok(vec![key("a", KeyVersion::FIRST.next()), key("a-v2", KeyVersion::FIRST)])
}
