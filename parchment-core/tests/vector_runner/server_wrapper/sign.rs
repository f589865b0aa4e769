//! Cases of kind `sign`: from inputs to canonical body, hash, signed text, signature and headers.

use parchment_core::{
    canonical, encoding,
    handle::ServerId,
    nonce::{Digest, Nonce},
    request::{PROTOCOL_VERSION, ServerIdentity, Wrapper, header},
    time::Timestamp,
};

use super::{Headers, comparable, recorded_headers};
use crate::vector_runner::{
    reader::Case,
    verdict::{Finding, Ours, Reason, compare},
};

/// A request as it is signed.
#[derive(Debug, PartialEq)]
struct Request {
    canonical_body: String,
    body_hash: String,
    signable: String,
    signature: String,
    public_key: String,
    headers: Headers,
}

pub(crate) fn judge(case: &Case<'_>) -> Finding {
    let upstream = Request {
        canonical_body: case.text("canonical_body").to_owned(),
        body_hash: case.text("body_hash").to_owned(),
        signable: case.text("signable").to_owned(),
        signature: case.text("signature").to_owned(),
        public_key: case.text("server_public_key").to_owned(),
        headers: recorded_headers(case),
    };
    compare(Some(upstream), sign(case))
}

fn sign(case: &Case<'_>) -> Ours<Request> {
    if case.number("protocol_version") != 2.0 {
        return Err(Reason::new(6, "there is no wrapper of another version"));
    }
    let canonical_body = canonical::to_string(&canonical::parse(case.json_input("body_json")?.as_bytes())?);
    let body_hash = Digest::of(canonical_body.as_bytes());
    let identity = identity(case, case.input("sender_server_id")?)?;
    let wrapper = Wrapper {
        method: case.input("method")?,
        path: case.input("path")?,
        body_hash,
        nonce: nonce(case.input("nonce")?)?,
        timestamp: &Timestamp::parse(case.input("timestamp")?)?,
        peer: &ServerId::parse(case.input("peer_server_id")?)?,
        sender: identity.id(),
    };
    let signature = identity.sign(&wrapper).to_base64();
    Ok(Request {
        canonical_body,
        body_hash: body_hash.to_base64(),
        signable: wrapper.signed_text(),
        public_key: identity.public_key().to_base64(),
        headers: headers(&wrapper, &signature),
        signature,
    })
}

/// The server with the seed of the case.
pub(super) fn identity(case: &Case<'_>, id: &str) -> Ours<ServerIdentity> {
    let seed = encoding::decode_array(case.input("server_seed")?)?;
    Ok(ServerIdentity::new(ServerId::parse(id)?, &seed))
}

/// A nonce, which by rule 17.8 is nothing but 16 bytes.
pub(super) fn nonce(text: &str) -> Ours<Nonce> {
    Nonce::from_base64(text).map_err(|error| Reason::new(8, error))
}

/// The five headers that carry a signed wrapper.
pub(super) fn headers(wrapper: &Wrapper<'_>, signature: &str) -> Headers {
    comparable([
        (header::SERVER_ID, wrapper.sender.as_str()),
        (header::PROTOCOL_VERSION, PROTOCOL_VERSION),
        (header::NONCE, wrapper.nonce.to_base64().as_str()),
        (header::TIMESTAMP, wrapper.timestamp.as_str()),
        (header::SIGNATURE, signature),
    ])
}
