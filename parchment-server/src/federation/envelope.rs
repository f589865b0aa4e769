//! What a client signed, checked before it is sent anywhere (rule 17.12).
//!
//! The server never makes or changes anything a user signs: it puts the signed values into the
//! one form a message can have, checks the signature against her own current key, and sends that.

use parchment_core::{
    canonical::Object,
    envelope::{Kind, SignedMessage, UserMessage},
    handle::Handle,
    keys::Signature,
    manifest::UserDocument,
    nonce::Nonce,
    refusal::{Code, Refusal},
    time::Timestamp,
};

use super::outbox::check_sendable;
use crate::{app::App, http::problem::Problem, identity::keys, store::entities::users};

/// The signature of a client with what it covers beyond kind, sender and recipient.
#[derive(Debug, Clone, Copy)]
pub struct ClientEnvelope<'a> {
    /// Base64 of the signature.
    pub signature: &'a str,
    /// Base64 of the nonce.
    pub nonce: Option<&'a str>,
    /// The timestamp.
    pub timestamp: Option<&'a str>,
}

/// The document of a local user who takes part in federation.
///
/// # Errors
///
/// 409 `no_identity` before she has an alias and a signing key.
pub fn own_document(app: &App, user: &users::Model) -> Result<UserDocument, Problem> {
    keys::document(user, app.settings.server_id())
        .ok_or_else(|| Problem::conflict("no_identity", "Set an alias and register your keys first."))
}

/// Builds the message that a client signed and checks that she did, with her current key, a moment ago.
///
/// # Errors
///
/// 422 with a code that says which part is missing or wrong.
pub fn check(
    app: &App,
    user: &users::Model,
    kind: Kind,
    to: &Handle,
    envelope: &ClientEnvelope<'_>,
) -> Result<SignedMessage, Problem> {
    let own = own_document(app, user)?;
    let (Some(nonce), Some(timestamp)) = (envelope.nonce, envelope.timestamp) else {
        let message = "Towards another server the signed nonce and timestamp are required beside the signature.";
        return Err(Problem::unprocessable("envelope_required", message));
    };
    let nonce = Nonce::from_base64(nonce)
        .map_err(|error| Problem::unprocessable("malformed_nonce", format!("The nonce is unusable: {error}.")))?;
    let signature = Signature::from_base64(envelope.signature).map_err(|error| {
        Problem::unprocessable("malformed_signature", format!("The signature is unusable: {error}."))
    })?;
    let timestamp = Timestamp::parse(timestamp)
        .map_err(|error| Problem::unprocessable("invalid_timestamp", format!("The timestamp is unusable: {error}.")))?;
    check_sendable(&timestamp, app.now()).map_err(resolve_problem)?;
    let message = UserMessage::new(kind, own.handle, to.clone(), nonce, timestamp, Object::new())?;
    let signed = SignedMessage::new(message, signature);
    signed.verify(&own.signing_key).map_err(|_| {
        let message = "The signature does not verify under your registered signing key.";
        Problem::unprocessable("invalid_signature", message)
    })?;
    Ok(signed)
}

/// Between users of one server the session says enough; a whole envelope is checked all the same.
///
/// # Errors
///
/// As [`check`], when nonce and timestamp are given.
pub fn check_local(
    app: &App,
    user: &users::Model,
    kind: Kind,
    to: &Handle,
    envelope: &ClientEnvelope<'_>,
) -> Result<(), Problem> {
    if envelope.nonce.is_some() && envelope.timestamp.is_some() {
        check(app, user, kind, to, envelope)?;
    }
    Ok(())
}

/// What looking somebody up says to the one who asked.
pub fn resolve_problem(refusal: Refusal) -> Problem {
    match refusal.code() {
        Code::UnknownSender => unknown_handle(),
        Code::PeerUnreachable => Problem::bad_gateway("peer_unreachable", refusal.detail().to_owned()),
        Code::StaleMessage => Problem::unprocessable("envelope_expired", refusal.detail().to_owned()),
        Code::Unavailable | Code::Busy => refusal.into(),
        _ => Problem::bad_gateway("peer_refused", refusal.detail().to_owned()),
    }
}

/// 404.
pub fn unknown_handle() -> Problem {
    Problem::new(
        poem::http::StatusCode::NOT_FOUND,
        "unknown_handle",
        "Nobody has this handle.",
    )
}
