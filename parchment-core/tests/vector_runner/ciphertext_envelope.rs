//! `ciphertext-envelope.json`: envelopes, the older pairs, and the records of upstream's clients.

use parchment_core::{
    derive::{CollectionId, CollectionKey, KeyVersion, MasterSeed},
    encoding,
    nonce::Digest,
    seal::{
        self, Aad, CanvasMetadata, CollectionMetadata, EncryptedPoint, Envelope, Pair, PersonalBlob, Plaintext, RawKey,
        RawRecord, Record, RouteBody, RouteMetadata, UserMetadata,
    },
};
use serde_json::Value;

use super::{
    base64,
    reader::{self, Case},
    sealed::{aad, envelope, must, shape_reason, text_of},
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "aad" => compare(Some(case.text("encoded").to_owned()), encoded(case)),
        "aad-long" => judge_long(case),
        "seal" => judge_seal(case),
        "seal-fails" => compare(None, case.bytes("plaintext").and_then(|text| sealed(case, &text))),
        "open" => {
            let upstream = case.flag("ok").then(|| case.bytes("plaintext").unwrap());
            compare(upstream, open(case).map(|opened| opened.as_bytes().to_vec()))
        }
        "text" => judge_text(case),
        "text-open" => judge_opened_text(case),
        "any" => judge_any(case),
        "legacy-open" => {
            let upstream = case.flag("ok").then(|| case.text("plaintext").to_owned());
            compare_text(upstream, open_pair(case, *case).and_then(|opened| text_of(&opened)))
        }
        "legacy" => judge_pair(case),
        "record" => judge_record(case),
        _ => Finding::UnknownKind,
    }
}

fn key(case: &Case<'_>) -> Ours<RawKey> {
    Ok(RawKey::from_bytes(&case.key("key")?))
}

fn encoded(case: &Case<'_>) -> Ours<String> {
    let encode = |aad: Aad<'_>| aad.encode().map_err(|field| Reason::new(None, field));
    let bytes = match case.optional_text("aad_json") {
        Some(text) => encode(aad(Case::of(&Case::members_of(text)))?)?,
        None => encode(aad(case.part("aad"))?)?,
    };
    Ok(encoding::encode(&bytes))
}

/// Associated data with a field that is repeated: too long to be written out.
fn judge_long(case: &Case<'_>) -> Finding {
    let field = |name: &str, repeated: &str| match case.get(repeated).and_then(Value::as_array) {
        Some(parts) => {
            let count = parts[1].as_u64().expect("a count");
            parts[0].as_str().expect("a text").repeat(count as usize)
        }
        None => case.part("aad").text(name).to_owned(),
    };
    let aad = Aad {
        user_id: field("userId", "user_id_repeat").into(),
        record_type: field("recordType", "record_type_repeat").into(),
        record_id: field("recordId", "record_id_repeat").into(),
        key_context: field("keyContext", "key_context_repeat").into(),
    };
    let ours = aad.encode().map_err(|field| Reason::new(None, field));
    let upstream = case.flag("ok").then(|| {
        (
            case.number("encoded_length"),
            case.optional_text("encoded_sha256").map(str::to_owned),
        )
    });
    let has_digest = case.optional_text("encoded_sha256").is_some();
    compare(
        upstream,
        ours.map(|bytes| {
            let digest = has_digest.then(|| Digest::of(&bytes).to_base64());
            (bytes.len() as f64, digest)
        }),
    )
}

fn sealed(case: &Case<'_>, plaintext: &[u8]) -> Ours<String> {
    let nonce = match case.get("nonce") {
        Some(_) => case.nonce("nonce"),
        None => seal::SealNonce::from_bytes([0; 12]),
    };
    let record = RawRecord(aad(case.part("aad"))?);
    Ok(seal::seal(&record, &key(case)?, plaintext, nonce)?.to_base64())
}

fn open(case: &Case<'_>) -> Ours<Plaintext> {
    let record = RawRecord(aad(case.part("aad"))?);
    Ok(seal::open(&record, &key(case)?, &envelope(case, "envelope")?)?)
}

fn judge_seal(case: &Case<'_>) -> Finding {
    let plaintext = case.bytes("plaintext").unwrap();
    let aad = aad(case.part("aad")).map(|aad| encoding::encode(&aad.encode().unwrap()));
    compare(Some(case.text("envelope").to_owned()), sealed(case, &plaintext))
        .and(compare(Some(case.text("aad_encoded").to_owned()), aad))
        .and(compare(
            Some(plaintext),
            open(case).map(|opened| opened.as_bytes().to_vec()),
        ))
}

/// Compares texts where upstream drops a byte order mark at the start, and rule 17.17 keeps it.
fn compare_text(upstream: Option<String>, ours: Ours<String>) -> Finding {
    match (&upstream, &ours) {
        (Some(without), Ok(ours)) if ours.strip_prefix('\u{feff}') == Some(without) => Finding::Stricter(17),
        _ => compare(upstream, ours),
    }
}

fn judge_text(case: &Case<'_>) -> Finding {
    let sealing = match case.literal("plaintext_json") {
        Ok(text) => compare(Some(case.text("envelope").to_owned()), sealed(case, text.as_bytes())),
        // A text that is no sequence of scalar values cannot be given to this crate.
        Err(reason) => compare(Some(case.text("envelope").to_owned()), Err(reason)),
    };
    let decrypted = reader::literal(case.text("decrypted_json"));
    sealing.and(compare_text(
        Some(decrypted),
        open(case).and_then(|opened| text_of(&opened)),
    ))
}

fn judge_opened_text(case: &Case<'_>) -> Finding {
    let upstream = case.optional_text("decrypted_json").map(reader::literal);
    let bytes = match (case.optional_text("plaintext_bytes"), open(case)) {
        (Some(_), Ok(opened)) => must(
            case.bytes("plaintext_bytes").unwrap() == opened.as_bytes(),
            "the opened bytes are those that were sealed",
        ),
        _ => Finding::AsUpstream,
    };
    bytes.and(compare_text(upstream, open(case).and_then(|opened| text_of(&opened))))
}

/// A pair of texts; a refusal as base64 is by rule 17.4 if one of them is another spelling.
fn pair(texts: Case<'_>) -> Ours<Pair> {
    let (ciphertext, nonce) = (texts.input("ciphertext")?, texts.input("nonce")?);
    let other_spelling = base64::is_other_spelling(ciphertext) || base64::is_other_spelling(nonce);
    Pair::from_base64(ciphertext, nonce).map_err(|error| {
        let reason = Reason::from(error);
        if other_spelling { reason.or_rule(4) } else { reason }
    })
}

fn open_pair(case: &Case<'_>, texts: Case<'_>) -> Ours<Plaintext> {
    Ok(pair(texts)?.open(&key(case)?)?)
}

/// A pair that was made with this key and nonce.
fn judge_pair(case: &Case<'_>) -> Finding {
    let sealed = || {
        let pair = Pair::seal(&key(case)?, case.input("plaintext")?.as_bytes(), case.nonce("nonce"))?;
        Ok(pair.ciphertext_base64())
    };
    let opened = open_pair(case, *case).and_then(|opened| text_of(&opened));
    compare(Some(case.text("ciphertext").to_owned()), sealed())
        .and(compare_text(Some(case.text("plaintext").to_owned()), opened))
}

/// A text is an envelope, an object is a pair.
fn judge_any(case: &Case<'_>) -> Finding {
    let upstream = case.flag("ok").then(|| case.text("plaintext").to_owned());
    let opened = match case.get("input") {
        Some(Value::String(_)) => {
            let read = || {
                let text = case.input("input")?;
                let envelope = Envelope::from_base64(text).map_err(|error| shape_reason(text, error))?;
                Ok(seal::open(&RawRecord(aad(case.part("aad"))?), &key(case)?, &envelope)?)
            };
            read()
        }
        _ => open_pair(case, case.part("input")),
    };
    compare_text(upstream, opened.and_then(|opened| text_of(&opened)))
}

/// A record of upstream's client: its kind here must have the very key and place.
fn judge_record(case: &Case<'_>) -> Finding {
    let place = case.part("aad");
    let seed = MasterSeed::from_bytes(&case.key("seed").unwrap());
    let (user_id, id) = (place.text("userId"), place.text("recordId"));
    let version = case.get("key_version").and_then(Value::as_u64).unwrap_or(1);
    let collection = |id: &str| -> CollectionKey {
        seed.collection_key(&CollectionId::existing(id), KeyVersion::new(version).unwrap())
    };
    match place.text("recordType") {
        "personal-blob" => {
            let blob_type = id;
            hold(case, &PersonalBlob { user_id, blob_type }, &seed.personal_key())
        }
        "user-metadata" => hold(case, &UserMetadata { user_id, field: id }, &seed.metadata_key()),
        "collection-metadata" => hold(case, &CollectionMetadata { user_id }, &collection(id)),
        "encrypted-point" => {
            let context = place.text("keyContext").strip_prefix("parchment-collection-");
            let key = collection(context.expect("the context names the collection"));
            hold(case, &EncryptedPoint { user_id, point_id: id }, &key)
        }
        "canvas-metadata" => hold(case, &CanvasMetadata { user_id }, &seed.canvas_key(id)),
        "route-metadata" => hold(case, &RouteMetadata { user_id }, &seed.route_key(id)),
        "route-body" => hold(case, &RouteBody { user_id }, &seed.route_body_key(id)),
        // No kind of its own here, or not one that hangs on the seed: what is left is key and place.
        _ => hold(case, &RawRecord(aad(place).unwrap()), &key(case).unwrap()),
    }
}

fn hold<R: Record>(case: &Case<'_>, record: &R, key: &R::Key) -> Finding {
    let plaintext = case.text("plaintext");
    let written = seal::seal(record, key, plaintext.as_bytes(), case.nonce("nonce"));
    let opened = || text_of(&seal::open(record, key, &envelope(case, "envelope")?)?);
    must(
        case.key("key").unwrap() == *R::secret(key),
        "the key is the one that is derived",
    )
    .and(must(
        aad(case.part("aad")).unwrap() == record.aad(key),
        "the record is bound to its place",
    ))
    .and(compare(
        Some(case.text("envelope").to_owned()),
        written.map(|envelope| envelope.to_base64()).map_err(Into::into),
    ))
    .and(compare(Some(plaintext.to_owned()), opened()))
}
