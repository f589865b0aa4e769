//! What browsers bring back, read strictly before anything is looked up.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use parchment_core::api::passkeys::{PasskeyAssertion, PasskeyRegistration};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use super::{challenge_not_found, prf, verification_failed};
use crate::http::problem::Problem;

/// Base64url without padding, as WebAuthn writes bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of a text in base64url, with or without padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')).ok()
}

/// An answer as the verification takes it, and the challenge that it says it answers.
#[derive(Debug)]
pub(super) struct Answer<T> {
    pub response: T,
    pub challenge: Vec<u8>,
}

/// Reads the answer to a registration.
///
/// # Errors
///
/// 422 for what is not written as it should be, 401 for client data that cannot be verified.
pub(super) fn registration(body: &PasskeyRegistration) -> Result<Answer<RegisterPublicKeyCredential>, Problem> {
    if let Some(results) = &body.client_extension_results {
        prf::check_withheld(results)?;
    }
    check_ids(&body.id, &body.raw_id, &body.type_)?;
    let response: RegisterPublicKeyCredential = read(json!({
        "id": body.id,
        "rawId": body.raw_id,
        "type": body.type_,
        "response": {
            "clientDataJSON": body.response.client_data_json,
            "attestationObject": body.response.attestation_object,
        },
    }))?;
    let challenge = challenge_in(&response.response.client_data_json)?;
    Ok(Answer { response, challenge })
}

/// Reads the answer to a sign-in.
///
/// # Errors
///
/// As for [`registration`].
pub(super) fn assertion(body: &PasskeyAssertion) -> Result<Answer<PublicKeyCredential>, Problem> {
    prf::check_withheld(&body.client_extension_results)?;
    check_ids(&body.id, &body.raw_id, &body.type_)?;
    let response: PublicKeyCredential = read(json!({
        "id": body.id,
        "rawId": body.raw_id,
        "type": body.type_,
        "response": {
            "authenticatorData": body.response.authenticator_data,
            "clientDataJSON": body.response.client_data_json,
            "signature": body.response.signature,
            "userHandle": body.response.user_handle,
        },
    }))?;
    let challenge = challenge_in(&response.response.client_data_json)?;
    Ok(Answer { response, challenge })
}

fn check_ids(id: &str, raw_id: &str, type_: &str) -> Result<(), Problem> {
    if type_ != "public-key" {
        return Err(Problem::invalid_body("type: expected public-key"));
    }
    if id != raw_id {
        return Err(Problem::invalid_body("rawId: expected the same as id"));
    }
    Ok(())
}

/// Texts become bytes, or the place is named where they cannot.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| Problem::invalid_body(format!("{}: expected base64url", error.path())))
}

/// The members of client data that decide here; the rest is for the verification.
#[derive(Deserialize)]
struct ClientData {
    challenge: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: Option<bool>,
}

fn challenge_in(client_data: &[u8]) -> Result<Vec<u8>, Problem> {
    let data: ClientData = serde_json::from_slice(client_data)
        .map_err(|_| verification_failed("clientDataJSON is not what browsers write."))?;
    // Browsers say so when the page is in a frame of another: nobody embeds this client.
    if data.cross_origin == Some(true) {
        return Err(verification_failed("The answer was made in a frame of another page."));
    }
    decode(&data.challenge).ok_or_else(challenge_not_found)
}
