//! Cases of kind `send`: what leaves for a handle or an inbox, or that nothing leaves.
//!
//! This crate draws a transport nonce and takes a time of its own for every attempt (rule 17.12);
//! given the recorded ones, all bytes are the same.

use parchment_core::{
    canonical::{self, Object, Value},
    directory::{Age, Directory as _},
    encoding,
    envelope::SignedMessage,
    handle::{Handle, ServerId},
    keys::SigningKey,
    manifest::InboxUrl,
    nonce::Digest,
    request::{INBOX_METHOD, INBOX_PATH, Wrapper},
};

use super::{
    Headers, inbound, recorded_headers,
    sign::{headers, identity, nonce},
};
use crate::vector_runner::{
    reader::{Case, VectorFile},
    verdict::{Finding, Ours, Reason, compare},
    world::{World, wait},
};

/// The server that sends.
const SENDER: &str = "a.example";

/// What was sent where.
#[derive(Debug, PartialEq)]
struct Sent {
    url: String,
    body: String,
    headers: Headers,
}

pub(crate) fn judge(file: &VectorFile, case: &Case<'_>) -> Finding {
    let upstream = case.flag("sent").then(|| Sent {
        url: case.text("url").to_owned(),
        body: case.text("body").to_owned(),
        headers: recorded_headers(case),
    });
    compare(upstream, send(file, case))
}

fn send(file: &VectorFile, case: &Case<'_>) -> Ours<Sent> {
    let message = canonical::parse(case.json_input("message_json")?.as_bytes())?;
    let message = message
        .as_object()
        .ok_or_else(|| Reason::new(None, "a message is an object"))?;
    // Messages that their users did not sign as they are never leave (rule 17.12).
    let sound = SignedMessage::read(&with_signature(message)).map_err(|refusal| Reason::from(refusal).or_rule(12))?;

    let (peer, url) = resolve(&world(file, case), case.input("target")?)?;
    let body = canonical::to_string(&Value::Object(message.clone()));
    let sender = identity(case, SENDER)?;
    let own_nonce = message.get("nonce").and_then(Value::as_str);
    let wrapper = Wrapper {
        method: INBOX_METHOD,
        path: INBOX_PATH,
        body_hash: Digest::of(body.as_bytes()),
        nonce: nonce(own_nonce.unwrap_or_else(|| case.text("generated_nonce")))?,
        timestamp: sound.message().timestamp(),
        peer: &peer,
        sender: sender.id(),
    };
    let mut headers = headers(&wrapper, &sender.sign(&wrapper).to_base64());
    // The one header that this crate leaves to its caller.
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    headers.sort();
    Ok(Sent { url, body, headers })
}

/// The message with a signature that can be read; those recorded are placeholders.
fn with_signature(message: &Object) -> Value {
    let mut message = message.clone();
    message.insert("signature", encoding::encode(&[0; 64]).as_str());
    message.into()
}

/// The servers of inbound cases, and the receiver, who has one user that matters: bob.
fn world(file: &VectorFile, case: &Case<'_>) -> World {
    let key = SigningKey::from_seed(&[2; 32]).verifying_key().to_base64();
    let world = inbound::world(file)
        .with_server("b.example", &key)
        .with_user("bob@b.example", &key);
    // A host that upstream posted to is there, too.
    match case.optional_text("url").and_then(InboxUrl::parse) {
        Some(inbox) => world.with_server(inbox.server.as_str(), &key),
        None => world,
    }
}

/// The server and the inbox that a handle or the address of an inbox leads to.
fn resolve(world: &World, target: &str) -> Ours<(ServerId, String)> {
    let (server, https) = if target.contains("://") {
        let inbox = InboxUrl::parse(target).ok_or_else(|| {
            let rule = if target.starts_with("http://") { 19 } else { 16 };
            Reason::new(rule, "this is not the address of an inbox that may be used")
        })?;
        (inbox.server, inbox.https)
    } else {
        let handle = Handle::parse(target)?;
        wait(world.user(&handle, Age::Cached))?;
        (handle.server(), true)
    };
    let manifest = wait(world.manifest(&server, parchment_core::directory::Age::Cached))?;
    let scheme = if https { "https" } else { "http" };
    Ok((manifest.server_id, format!("{scheme}://{server}{INBOX_PATH}")))
}
