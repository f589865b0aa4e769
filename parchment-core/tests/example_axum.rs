//! The axum example works: it believes what is signed, over HTTP, and nothing else.
#![allow(clippy::unwrap_used)]

use std::time::SystemTime;

use axum::{Json, Router, extract::Path, http::StatusCode, routing::get};
use parchment_core::{
    api::well_known::{ManifestDocument, UserDocumentBody},
    canonical::{self, Object},
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Handle, Origin, ServerId},
    keys::SigningKey,
    manifest::{MANIFEST_PATH, Manifest, USER_DOCUMENT_PATH, UserDocument},
    nonce::Nonce,
    request::{INBOX_PATH, OutboundRequest, ServerIdentity, header},
    time::{Timestamp, UnixMillis},
};

#[path = "../examples/axum_inbox.rs"]
#[allow(dead_code)]
mod example;

/// Who receives; its name need not be where it listens.
const OWN: &str = "home.example";

/// Two servers on this machine: the example, and one that publishes a manifest and knows Alice.
struct Servers {
    peer: ServerIdentity,
    base: String,
    client: reqwest::Client,
}

async fn serve(router: impl FnOnce(&str) -> Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = router(&address);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn alice() -> SigningKey {
    SigningKey::from_seed(&[0xa1; 32])
}

fn peer_identity(address: &str) -> ServerIdentity {
    ServerIdentity::new(ServerId::parse(address).unwrap(), &[0x51; 32])
}

/// A server that only publishes.
fn peer(address: &str) -> Router {
    let identity = peer_identity(address);
    let manifest = ManifestDocument::from(&Manifest::new(identity.id().clone(), identity.public_key(), vec![]));
    let origin = Origin::parse(&format!("http://{address}")).unwrap();
    let user = async move |Path(alias): Path<String>| match alias.as_str() {
        "alice" => {
            let handle = Handle::parse(&format!("alice@{}", origin.server_id())).unwrap();
            let user = UserDocument::new(handle, alice().verifying_key(), None);
            Ok(Json(UserDocumentBody::new(&user, &origin)))
        }
        _ => Err(StatusCode::NOT_FOUND),
    };
    Router::new()
        .route(MANIFEST_PATH, get(async move || Json(manifest)))
        .route(&format!("{USER_DOCUMENT_PATH}{{alias}}"), get(user))
}

impl Servers {
    async fn start(loopback: bool) -> Self {
        let own = ServerIdentity::new(ServerId::parse(OWN).unwrap(), &[0x52; 32]);
        let address = serve(|_| example::router(&own, loopback).unwrap()).await;
        let peer = peer_identity(&serve(peer).await);
        // No TLS is spoken, but a client without a provider for it is not built at all.
        let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(tls)
            .build()
            .unwrap();
        Self {
            peer,
            base: format!("http://{address}"),
            client,
        }
    }

    /// A revocation of `from`, signed by Alice.
    fn message(&self, from: &str) -> SignedMessage {
        let from = Handle::parse(&format!("{from}@{}", self.peer.id())).unwrap();
        let to = Handle::parse(&format!("carol@{OWN}")).unwrap();
        let nonce = Nonce::from_bytes([1; 16]);
        let message = UserMessage::new(Kind::RelationshipRevoke, from, to, nonce, now(), Object::new()).unwrap();
        message.sign(&alice())
    }

    fn request(&self, message: &SignedMessage, nonce: u8) -> OutboundRequest {
        self.peer.inbox_request(
            &ServerId::parse(OWN).unwrap(),
            message,
            Nonce::from_bytes([nonce; 16]),
            now(),
        )
    }

    async fn send(&self, request: &OutboundRequest) -> (u16, serde_json::Value) {
        self.post(request.headers().into(), request.body().to_owned()).await
    }

    async fn post(&self, headers: Vec<(&str, String)>, body: String) -> (u16, serde_json::Value) {
        let mut post = self.client.post(format!("{}{INBOX_PATH}", self.base)).body(body);
        for (name, value) in headers {
            post = post.header(name, value);
        }
        let answer = post.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_instant(UnixMillis(since_1970.as_millis().try_into().unwrap()))
}

fn is_refused(answer: &(u16, serde_json::Value), status: u16, code: &str) {
    let (seen, body) = answer;
    assert_eq!((*seen, body["code"].as_str()), (status, Some(code)), "{body}");
    assert!(
        body["message"].as_str().is_some_and(|message| message.ends_with('.')),
        "{body}"
    );
    let versions = (status == 401).then(|| serde_json::json!([2]));
    assert_eq!(body.get("supported_protocol_versions"), versions.as_ref(), "{body}");
}

#[tokio::test]
async fn a_signed_message_is_taken_once() {
    let servers = Servers::start(true).await;
    let message = servers.message("alice");
    let request = servers.request(&message, 1);
    let taken = (202, serde_json::json!({ "success": true }));
    assert_eq!(servers.send(&request).await, taken);
    is_refused(&servers.send(&request).await, 401, "replay");
    let retry = servers.request(&message, 2);
    assert_eq!(servers.send(&retry).await, taken);
    is_refused(&servers.send(&retry).await, 401, "replay");
}

#[tokio::test]
async fn what_was_changed_on_the_way_is_refused() {
    let servers = Servers::start(true).await;
    let message = servers.message("alice");
    let request = servers.request(&message, 1);

    let other_recipient = request.body().replace("carol@", "carla@");
    is_refused(
        &servers.post(request.headers().into(), other_recipient).await,
        401,
        "invalid_server_signature",
    );
    let mut headers = Vec::from(request.headers());
    headers.retain(|(name, _)| *name != header::NONCE);
    headers.push((header::NONCE, Nonce::from_bytes([9; 16]).to_base64()));
    is_refused(
        &servers.post(headers.clone(), request.body().to_owned()).await,
        401,
        "invalid_server_signature",
    );
    headers.pop();
    is_refused(
        &servers.post(headers, request.body().to_owned()).await,
        401,
        "missing_header",
    );
    let unknown_member = request.body().replacen('{', "{\"extra\":1,", 1);
    is_refused(
        &servers.post(request.headers().into(), unknown_member).await,
        422,
        "invalid_body",
    );
    is_refused(
        &servers.post(request.headers().into(), "{".to_owned()).await,
        400,
        "malformed_json",
    );

    // None of this was recorded: the honest request is still new.
    assert_eq!(servers.send(&request).await.0, 202);
}

#[tokio::test]
async fn a_server_cannot_speak_for_a_user_who_did_not_sign() {
    let servers = Servers::start(true).await;
    let signed = servers.message("alice");
    let nonce = Nonce::from_bytes([3; 16]);
    let (from, to) = (signed.message().from().clone(), signed.message().to().clone());
    let forged = UserMessage::new(Kind::RelationshipRevoke, from, to, nonce, now(), Object::new()).unwrap();
    let forged = forged.sign(&SigningKey::from_seed(&[0xee; 32]));
    is_refused(
        &servers.send(&servers.request(&forged, 1)).await,
        400,
        "invalid_signature",
    );
    is_refused(
        &servers.send(&servers.request(&servers.message("mallory"), 2)).await,
        400,
        "unknown_sender",
    );
    assert_eq!(servers.send(&servers.request(&signed, 3)).await.0, 202);
}

#[tokio::test]
async fn long_bodies_are_refused_like_everything_else() {
    let servers = Servers::start(true).await;
    let body = "x".repeat(canonical::MAX_BYTES);
    is_refused(&servers.post(Vec::new(), body.clone()).await, 400, "malformed_json");
    is_refused(&servers.post(Vec::new(), body + "x").await, 413, "body_too_large");
}

#[tokio::test]
async fn this_very_machine_is_listened_to_only_when_allowed() {
    let servers = Servers::start(false).await;
    is_refused(
        &servers.send(&servers.request(&servers.message("alice"), 1)).await,
        401,
        "loopback_refused",
    );
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_the_senders_fault() {
    let mut servers = Servers::start(true).await;
    // Nobody listens on the first port.
    servers.peer = peer_identity("127.0.0.1:1");
    is_refused(
        &servers.send(&servers.request(&servers.message("alice"), 1)).await,
        503,
        "peer_unreachable",
    );
}

#[tokio::test]
async fn the_manifest_is_one_that_this_crate_reads() {
    let servers = Servers::start(true).await;
    let answer = servers
        .client
        .get(format!("{}{MANIFEST_PATH}", servers.base))
        .send()
        .await
        .unwrap();
    let manifest = Manifest::read(&answer.bytes().await.unwrap(), &ServerId::parse(OWN).unwrap()).unwrap();
    assert_eq!(manifest.public_key, SigningKey::from_seed(&[0x52; 32]).verifying_key());
}
