//! `device-transfer.json`: codes, sealed seeds, and opening them.

use parchment_core::{
    derive::{MasterSeed, TransferKey},
    encoding,
    keys::{EphemeralKey, EphemeralSecret},
    seal::{Aad, RawRecord, SealNonce},
    transfer::{Attempt, AwaitingCode, Invitation, Payload, Receiver, SessionId, TransferCode, TransferError},
};

use super::{
    base64,
    reader::Case,
    sealed::{holds_other_spelling, identity, must, not_signed, signing_key},
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "sas" => compare(case.flag("ok").then(|| case.text("sas").to_owned()), code(case)),
        "seal" => judge_seal(case),
        "open" => judge_open(case),
        "seal-to" => compare(case.flag("ok").then_some(()), seal_to(case)),
        _ => Finding::UnknownKind,
    }
}

fn session(case: &Case<'_>) -> Ours<SessionId> {
    SessionId::parse(case.input("session_id")?).map_err(reason)
}

fn public(case: &Case<'_>, name: &str) -> Ours<EphemeralKey> {
    Ok(EphemeralKey::from_bytes(case.key(name)?))
}

/// A one-time secret, whose public half the case must state rightly: here, nobody can state another.
fn secret(case: &Case<'_>, private: &str, public: &str) -> Ours<EphemeralSecret> {
    let secret = EphemeralSecret::from_bytes(&case.key(private)?);
    match secret.ephemeral_key() == self::public(case, public)? {
        true => Ok(secret),
        false => Err(Reason::new(None, "the public half belongs to another secret")),
    }
}

fn reason(error: TransferError) -> Reason {
    Reason::new(None, error)
}

fn code(case: &Case<'_>) -> Ours<String> {
    let (receiver, sender) = (public(case, "receiver_public")?, public(case, "sender_public")?);
    let session = session(case)?;
    let code = TransferCode::of(&receiver, &sender, &session).to_string();
    assert_eq!(code, TransferCode::of(&sender, &receiver, &session).to_string());
    Ok(code)
}

fn payload(texts: Case<'_>) -> Ours<Payload> {
    let names = ["senderEphemeralPub", "sealedSeed", "senderSignature"];
    let [sender, sealed, signature] = names.map(|name| texts.input(name));
    let (sender, sealed, signature) = (sender?, sealed?, signature?);
    Payload::from_base64(sender, sealed, signature).map_err(|error| {
        let other_spelling = [sender, sealed, signature].into_iter().any(base64::is_other_spelling);
        Reason::new(other_spelling.then_some(4), error)
    })
}

fn judge_seal(case: &Case<'_>) -> Finding {
    let texts = ["senderEphemeralPub", "sealedSeed", "senderSignature"].map(|name| case.part("payload").text(name));
    let [sender, sealed, signature] = texts.map(str::to_owned);
    let upstream = (
        sender,
        sealed,
        signature,
        case.text("sas").to_owned(),
        case.text("qr_text").to_owned(),
    );
    let answer = || {
        let seed = MasterSeed::from_bytes(&case.key("seed")?);
        let receiver = secret(case, "receiver_ephemeral_private", "receiver_ephemeral_public")?;
        let sender = secret(case, "sender_ephemeral_private", "sender_ephemeral_public")?;
        let invitation = Invitation::new(session(case)?, receiver.ephemeral_key());
        assert_eq!(Invitation::read(&invitation.to_text()).as_ref(), Ok(&invitation));
        let identity = signing_key(case, "identity_private")?;
        let answer = invitation
            .answer_signed_by(&identity, &seed, sender, case.nonce("nonce"))
            .map_err(reason)?;
        let (payload, code) = (answer.payload, answer.code);
        Ok((
            payload.sender().to_base64(),
            payload.sealed_seed().to_base64(),
            payload.signature().to_base64(),
            code.to_string(),
            invitation.to_text(),
        ))
    };
    let steps = || {
        let shared = secret(case, "sender_ephemeral_private", "sender_ephemeral_public")?
            .agree_once(&public(case, "receiver_ephemeral_public")?)?;
        let key = TransferKey::derive(&shared);
        Ok((encoding::encode(shared.expose()), encoding::encode(key.expose())))
    };
    let keys = (case.text("shared_secret").to_owned(), case.text("aes_key").to_owned());
    // A seed of another length is no seed by rule 17.17; what upstream sealed of it opens for nobody.
    let opens =
        payload(case.part("payload")).and_then(|payload| open(case, &payload, &waiting(case, payload.clone())?));
    compare(Some(upstream), answer())
        .and(compare(Some(keys), steps()))
        .and(must(
            case.text("plaintext") == case.text("seed"),
            "the plaintext is the text of the seed",
        ))
        .and(must(
            opens.is_ok() == case.flag("opens"),
            "what was sealed opens, or does not",
        ))
}

/// The new device, with the payload, before the code is typed.
fn waiting(case: &Case<'_>, payload: Payload) -> Ours<AwaitingCode> {
    let secret = secret(case, "receiver_ephemeral_private", "receiver_ephemeral_public")?;
    let identity = identity(case, "identity_public")?;
    let receiver = Receiver::new(session(case)?, secret);
    let signature = *payload.signature();
    let received = receiver.receive(payload, &identity);
    received.map_err(|error| not_signed(signature.as_bytes(), error))
}

/// What upstream's opening checks: not whose seed it is.
fn open(case: &Case<'_>, payload: &Payload, waiting: &AwaitingCode) -> Ours<String> {
    let seed = match waiting.danger_open_without_code() {
        Ok(seed) => seed,
        Err(error @ TransferError::NotASeed) => {
            let (receiver, sender) = (public(case, "receiver_ephemeral_public")?, payload.sender());
            let record = RawRecord(Aad {
                user_id: case.input("session_id")?.into(),
                record_type: "device-transfer".into(),
                record_id: format!("{}|{}", receiver.to_base64(), sender.to_base64()).into(),
                key_context: "parchment-device-transfer-v1".into(),
            });
            let own = secret(case, "receiver_ephemeral_private", "receiver_ephemeral_public")?;
            let key = TransferKey::derive(&own.agree_once(sender)?);
            let by_rule_4 = holds_other_spelling(&record, key.expose(), payload.sealed_seed());
            return Err(Reason::new(by_rule_4.then_some(4), error));
        }
        Err(error) => return Err(reason(error)),
    };
    Ok(seed.to_recovery_key().to_string())
}

fn judge_open(case: &Case<'_>) -> Finding {
    let upstream = case.flag("ok").then(|| case.text("seed").to_owned());
    let opened = payload(case.part("payload")).and_then(|payload| {
        let waiting = waiting(case, payload.clone())?;
        let seed = open(case, &payload, &waiting)?;
        // Whole, the chain gives the seed only to the right code, and only the seed of the identity that signed.
        let receiver = public(case, "receiver_ephemeral_public")?;
        let code = TransferCode::of(&receiver, payload.sender(), &session(case)?);
        let is_theirs = MasterSeed::from_recovery_key(&seed)?.is_of(&identity(case, "identity_public")?);
        let is_opened = match waiting.try_code(&code) {
            Attempt::Opened(theirs) => *theirs.to_recovery_key() == seed,
            Attempt::Discarded(error) => {
                assert_eq!(error, TransferError::OtherIdentity);
                false
            }
            Attempt::Wrong(_) => panic!("the code is right"),
        };
        assert_eq!(is_opened, is_theirs);
        Ok(seed)
    });
    compare(upstream, opened)
}

/// Whether answering a device with this key is possible at all.
fn seal_to(case: &Case<'_>) -> Ours<()> {
    let invitation = Invitation::new(
        SessionId::parse("s").unwrap(),
        public(case, "receiver_ephemeral_public")?,
    );
    let (once, nonce) = (EphemeralSecret::from_bytes(&[1; 32]), SealNonce::from_bytes([2; 12]));
    let answer = invitation.answer(&MasterSeed::from_bytes(&[3; 32]), once, nonce);
    answer.map(drop).map_err(reason)
}
