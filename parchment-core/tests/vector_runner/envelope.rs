//! What the two files about signed messages have in common.

use parchment_core::{
    envelope::SignedMessage,
    handle::ServerId,
    keys::{Signature, SigningKey, VerifyingKey},
    request::ServerIdentity,
};

use super::{
    reader::{Case, VectorFile},
    verdict::{Finding, Ours, compare},
    world::{ALICE_KEY, NOON, NobodyHome, Receiver, World},
};

/// Where upstream's message processor stops when it takes a message.
const ACCEPTED: &str = "accepted";

/// Lets a body run through the whole inbox, in a request that is in order, and compares with upstream.
pub(crate) fn judge_delivery(file: &VectorFile, case: &Case<'_>, body: Ours<String>) -> Finding {
    let upstream = (case.text("inbox_stage") == ACCEPTED).then_some(());
    let sender = ServerIdentity::new(ServerId::parse("a.example").unwrap(), &[1; 32]);
    let world = World::default()
        .with_server("a.example", &sender.public_key().to_base64())
        .with_user("alice@a.example", file.text_or("sender_public_key", ALICE_KEY));
    let own = file.text_or("receiving_server", "b.example");
    let handler = NobodyHome {
        takes_rejections: upstream.is_some(),
    };
    let receiver = Receiver::new(own, file.text_or("clock", NOON), world, handler);
    compare(upstream, body.and_then(|body| receiver.deliver_from(&sender, &body)))
}

/// A text, the signature that belongs to it, the key, and whether they fit.
pub(crate) type Signed = (String, String, String, bool);

/// What the case says was signed, by whom, and with what result.
pub(crate) fn recorded(case: &Case<'_>) -> Signed {
    (
        case.text("signable").to_owned(),
        case.text("signature").to_owned(),
        case.text("public_key").to_owned(),
        case.flag("valid"),
    )
}

/// Signs a text with the seed of the case.
pub(crate) fn sign(case: &Case<'_>, text: String) -> Ours<Signed> {
    let key = SigningKey::from_base64(case.text("seed"))?;
    let signature = key.sign(&text);
    let valid = key.verifying_key().verify(text.as_bytes(), &signature).is_ok();
    Ok((text, signature.to_base64(), key.verifying_key().to_base64(), valid))
}

/// Checks the signature of the case over a text.
pub(crate) fn verify(case: &Case<'_>, text: String) -> Ours<Signed> {
    let key = VerifyingKey::from_base64(case.input("public_key")?)?;
    let signature = Signature::from_base64(case.input("signature")?)?;
    let valid = key.verify(text.as_bytes(), &signature).is_ok();
    Ok((text, signature.to_base64(), key.to_base64(), valid))
}

/// Checks a message that could be read: its signed text and its signature.
pub(crate) fn judge_message(case: &Case<'_>, message: &SignedMessage) -> Finding {
    let ours = VerifyingKey::from_base64(case.text("public_key"))
        .map_err(Into::into)
        .map(|key| {
            let valid = message.verify(&key).is_ok();
            (
                message.message().signed_text(),
                message.signature().to_base64(),
                key.to_base64(),
                valid,
            )
        });
    compare(Some(recorded(case)), ours)
}
