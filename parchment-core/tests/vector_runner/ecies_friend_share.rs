//! `ecies-friend-share.json`: signed ECIES to a friend, and the static form.

use parchment_core::{
    derive::{EciesKey, ShareContext, StaticShareKey},
    encoding,
    keys::{AgreementKey, AgreementSecret, EphemeralSecret, SigningKey},
    seal::SealNonce,
    share::{Binding, FriendShare, ShareError, StaticShare},
};

use super::{
    base64,
    reader::Case,
    sealed::{agreement_reason, identity, must, not_signed, signing_key, text_of},
    verdict::{Finding, Ours, Reason, compare},
};

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    match case.kind() {
        "seal" => judge_seal(case),
        "open" => {
            let upstream = case.flag("ok").then(|| case.text("plaintext").to_owned());
            compare(upstream, open(case, "blob"))
        }
        "seal-to" => compare(case.flag("ok").then_some(()), seal_to(case)),
        "static-seal" => judge_static(case),
        "static-open" => {
            let upstream = case.flag("ok").then(|| case.text("plaintext").to_owned());
            compare(upstream, static_open(case))
        }
        _ => Finding::UnknownKind,
    }
}

fn binding<'a>(case: &Case<'a>) -> Ours<Binding<'a>> {
    let parts = case.part("binding");
    Ok(Binding::verbatim(
        parts.input("senderId")?,
        parts.input("recipientId")?,
        parts.input("relationshipId")?,
        parts.input("timestamp")?,
    ))
}

fn agreement_key(case: &Case<'_>, name: &str) -> Ours<AgreementKey> {
    let bytes = case.key(name)?;
    AgreementKey::from_bytes(bytes).map_err(|error| agreement_reason(&bytes, error))
}

fn secret(case: &Case<'_>, name: &str) -> Ours<AgreementSecret> {
    Ok(AgreementSecret::from_bytes(&case.key(name)?))
}

fn once(case: &Case<'_>) -> Ours<EphemeralSecret> {
    Ok(EphemeralSecret::from_bytes(&case.key("ephemeral_private")?))
}

fn judge_seal(case: &Case<'_>) -> Finding {
    let sealed = || {
        let recipient = agreement_key(case, "recipient_encryption_public")?;
        let sender = signing_key(case, "sender_signing_private")?;
        let (binding, plaintext) = (binding(case)?, case.input("plaintext")?);
        FriendShare::seal(
            plaintext.as_bytes(),
            &binding,
            &recipient,
            &sender,
            once(case)?,
            case.nonce("nonce"),
        )
        .map(|share| share.to_base64())
        .map_err(|error| Reason::new(None, error))
    };
    let steps = || {
        let recipient = agreement_key(case, "recipient_encryption_public")?;
        let shared = once(case)?.agree(&recipient)?;
        Ok(vec![
            encoding::encode(shared.expose()),
            encoding::encode(EciesKey::derive(&shared).expose()),
            encoding::encode(&binding(case)?.aad().encode().unwrap()),
            once(case)?.ephemeral_key().to_base64(),
            signing_key(case, "sender_signing_private")?.verifying_key().to_base64(),
            secret(case, "recipient_encryption_private")?
                .agreement_key()
                .to_base64(),
        ])
    };
    let upstream = [
        "shared_secret",
        "aes_key",
        "aad_encoded",
        "ephemeral_public",
        "sender_signing_public",
        "recipient_encryption_public",
    ];
    compare(Some(case.text("blob").to_owned()), sealed())
        .and(compare(
            Some(upstream.map(|name| case.text(name).to_owned()).to_vec()),
            steps(),
        ))
        .and(must(
            open(case, "blob").is_ok_and(|text| text == case.text("plaintext")) == case.flag("round_trips"),
            "what was sealed opens",
        ))
}

fn open(case: &Case<'_>, blob: &str) -> Ours<String> {
    let text = case.input(blob)?;
    let share = FriendShare::from_base64(text).map_err(|error| share_reason(text, error))?;
    let recipient = secret(case, "recipient_encryption_private")?;
    let sender = identity(case, "sender_signing_public")?;
    let opened = share.open(&binding(case)?, &recipient, &sender);
    text_of(&opened.map_err(|error| share_reason(text, error))?)
}

fn share_reason(text: &str, error: ShareError) -> Reason {
    match error {
        ShareError::Base64 => Reason::new(base64::is_other_spelling(text).then_some(4), error),
        ShareError::NotSigned => {
            let bytes = encoding::decode(text).expect("it was read before");
            not_signed(&bytes[bytes.len() - 64..], error)
        }
        error => Reason::new(None, error),
    }
}

/// Whether sealing to a key is possible at all.
fn seal_to(case: &Case<'_>) -> Ours<()> {
    let recipient = agreement_key(case, "recipient_encryption_public")?;
    let (once, nonce) = (EphemeralSecret::from_bytes(&[1; 32]), SealNonce::from_bytes([2; 12]));
    let binding = Binding::verbatim("a", "b", "a::b", "t");
    let sender = SigningKey::from_seed(&[3; 32]);
    let sealed = FriendShare::seal(b"x", &binding, &recipient, &sender, once, nonce);
    sealed.map(drop).map_err(|error| Reason::new(None, error))
}

fn static_key(case: &Case<'_>, own: &str, theirs: &str) -> Ours<StaticShareKey> {
    let context = ShareContext::other(case.input("context")?)?;
    Ok(StaticShare::key(
        &secret(case, own)?,
        &agreement_key(case, theirs)?,
        &context,
    )?)
}

fn judge_static(case: &Case<'_>) -> Finding {
    let sealed = || {
        let key = static_key(case, "sender_encryption_private", "recipient_encryption_public")?;
        let share = StaticShare::seal(&key, case.input("plaintext")?.as_bytes(), case.nonce("nonce"))?;
        Ok((
            encoding::encode(key.expose()),
            share.ciphertext_base64(),
            share.nonce_base64(),
        ))
    };
    let upstream = ["aes_key", "ciphertext", "nonce"].map(|name| case.text(name).to_owned());
    let [key, ciphertext, nonce] = upstream;
    compare(Some((key, ciphertext, nonce)), sealed())
        .and(compare(Some(case.text("plaintext").to_owned()), static_open(case)))
}

fn static_open(case: &Case<'_>) -> Ours<String> {
    let key = static_key(case, "recipient_encryption_private", "sender_encryption_public")?;
    let (ciphertext, nonce) = (case.input("ciphertext")?, case.input("nonce")?);
    let share = StaticShare::from_base64(ciphertext, nonce).map_err(|error| {
        let other_spelling = base64::is_other_spelling(ciphertext) || base64::is_other_spelling(nonce);
        let reason = Reason::from(error);
        if other_spelling { reason.or_rule(4) } else { reason }
    })?;
    text_of(&share.open(&key)?)
}
