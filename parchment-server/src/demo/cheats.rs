//! What those try who would like bob's server to believe something that alice did not say now.

use parchment_core::{
    canonical,
    envelope::SignedMessage,
    handle::ServerId,
    manifest::{MANIFEST_PATH, Manifest},
    request::{INBOX_PATH, OutboundRequest, ServerIdentity},
    time::{Clock as _, Timestamp},
};
use poem::{Route, get, http::HeaderMap};
use serde_json::Value;

use super::{listen, person::Person, proxy::Recording, story::Story, world::World};
use crate::{app::SystemClock, random};

pub(super) async fn try_all(story: &mut Story, world: &World, bob: &Person) -> Result<(), String> {
    let recorded = world.proxy.last().ok_or("the proxy recorded nothing")?;

    let answer = send(world, &recorded.headers, &recorded.body).await?;
    expect(story, "the recorded request, sent again", &answer, 401, "replay")?;

    let tampered = with_other_signature(&recorded).ok_or("the recorded body has no signature")?;
    let answer = send(world, &tampered.headers, &tampered.body).await?;
    expect(
        story,
        "the same with one character of the body changed",
        &answer,
        401,
        "invalid_server_signature",
    )?;

    let message = read(&recorded)?;
    let retry = request(&world.alice_identity, &world.bob_server, &message);
    let answer = send_request(world, &retry).await?;
    story.check(
        answer.0 == 202 && bob.friends().await?.is_empty(),
        &format!(
            "the same message in a new request of alice's server, a retry: {} without a second effect",
            answer.0
        ),
    )?;

    let mallory = third_server().await?;
    let relayed = request(&mallory, &world.bob_server, &message);
    let answer = send_request(world, &relayed).await?;
    expect(
        story,
        &format!("alice's message, sent by {}", mallory.id()),
        &answer,
        401,
        "origin_mismatch",
    )?;

    let impostor = ServerIdentity::new(world.alice_server.clone(), &random::bytes());
    let forged = request(&impostor, &world.bob_server, &message);
    let answer = send_request(world, &forged).await?;
    expect(
        story,
        "the same in alice's server's name, under another key",
        &answer,
        401,
        "invalid_server_signature",
    )
}

fn expect(story: &mut Story, what: &str, answer: &(u16, String), status: u16, code: &str) -> Result<(), String> {
    let held = answer.0 == status && answer.1 == code;
    story.check(held, &format!("{what}: {} {}", answer.0, answer.1))
}

/// The recording with one character of the user's signature changed: still a well-formed message.
fn with_other_signature(recorded: &Recording) -> Option<Recording> {
    let text = String::from_utf8(recorded.body.clone()).ok()?;
    let at = text.find("\"signature\":\"")? + "\"signature\":\"".len();
    let mut tampered = recorded.clone();
    let byte = tampered.body.get_mut(at)?;
    *byte = if *byte == b'A' { b'B' } else { b'A' };
    Some(tampered)
}

fn read(recorded: &Recording) -> Result<SignedMessage, String> {
    let body = canonical::parse(&recorded.body).map_err(|error| error.to_string())?;
    SignedMessage::read(&body).map_err(|refusal| refusal.to_string())
}

fn request(server: &ServerIdentity, to: &ServerId, message: &SignedMessage) -> OutboundRequest {
    server.inbox_request(to, message, random::nonce(), Timestamp::from_instant(SystemClock.now()))
}

/// A third server: it has a name, a key and a manifest, and nothing else.
async fn third_server() -> Result<ServerIdentity, String> {
    let (acceptor, port) = listen::on_any_port().await?;
    let id = ServerId::parse(&format!("localhost:{port}")).map_err(|error| error.to_string())?;
    let identity = ServerIdentity::new(id.clone(), &random::bytes());
    let manifest = Manifest::new(id, identity.public_key(), Vec::new());
    let document = parchment_core::api::well_known::ManifestDocument::from(&manifest);
    let manifest = get(poem::endpoint::make_sync(move |_| poem::web::Json(document.clone())));
    tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(Route::new().at(MANIFEST_PATH, manifest)));
    Ok(identity)
}

async fn send_request(world: &World, request: &OutboundRequest) -> Result<(u16, String), String> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", poem::http::HeaderValue::from_static("application/json"));
    for (name, value) in request.headers() {
        headers.insert(name, value.parse().map_err(|_| format!("{name} cannot be sent"))?);
    }
    send(world, &headers, request.body().as_bytes()).await
}

/// Sends to bob's inbox as somebody on the network would; gives status and code of the answer.
async fn send(world: &World, headers: &HeaderMap, body: &[u8]) -> Result<(u16, String), String> {
    let mut headers = headers.clone();
    headers.remove("host");
    headers.remove("content-length");
    let url = format!("http://{}{INBOX_PATH}", world.bob_server);
    let sent = world.http.post(url).headers(headers).body(body.to_vec()).send().await;
    let answer = sent.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body: Value = answer
        .text()
        .await
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
    Ok((status, code.to_owned()))
}
