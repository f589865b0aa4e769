//! A server that takes federation messages, in one file, with axum and reqwest.
//!
//! ```sh
//! cargo run -p parchment-core --example axum_inbox -- home.example 127.0.0.1:8080
//! ```
//!
//! It takes `RELATIONSHIP_REVOKE`, prints what it takes, and keeps nothing: nonces and pins are gone when it ends,
//! and so is its key. What a server in earnest does besides is said where it would be done.

use std::{error::Error, sync::Arc, time::Duration, time::SystemTime};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use parchment_core::{
    api::{error::ErrorBody, identity::Success, well_known::ManifestDocument},
    canonical,
    directory::{Age, Directory},
    envelope::Kind,
    handle::{Handle, ServerId},
    inbox::{Accepted, Inbox, InboxStore, MemoryInbox, Policy, RawRequest},
    manifest::{MANIFEST_PATH, Manifest, USER_DOCUMENT_PATH, UserDocument},
    pins::MemoryPins,
    refusal::{Code, Refusal},
    request::{INBOX_PATH, ServerIdentity},
    time::{Clock, UnixMillis},
};

/// Fetches manifests and user documents from other servers.
///
/// In earnest it also keeps them for some minutes, remembers failures for a while, shares one request among all who
/// wait for the same answer, and checks the addresses that a name resolves to, at the moment of connecting: a name
/// in somebody's header must not make this server talk to its own network. None of that changes what is believed.
struct Peers {
    client: reqwest::Client,
    loopback: bool,
}

impl Peers {
    fn new(loopback: bool) -> Result<Self, Box<dyn Error + Send + Sync>> {
        // Naming the provider here leaves the process-wide choice to the program that this becomes a part of.
        let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(!loopback)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { client, loopback })
    }

    /// Whether a server is spoken to by https; all are, but for this very machine in development.
    /// Otherwise the inbox refuses requests of this very machine before anything is fetched.
    fn uses_https(&self, server: &ServerId) -> bool {
        !(self.loopback && server.is_loopback())
    }

    /// The document at a path; none when the server answers that there is none to be had.
    async fn fetch(&self, server: &ServerId, path: &str) -> Result<Option<Vec<u8>>, Refusal> {
        // The server's words stay out of the refusal: they go to whoever sent the request.
        let unreachable = || Refusal::new(Code::PeerUnreachable, "The other server gives no answer now.");
        let scheme = if self.uses_https(server) { "https" } else { "http" };
        let request = self.client.get(format!("{scheme}://{server}{path}"));
        let mut response = request.send().await.map_err(|_| unreachable())?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => return Err(unreachable()),
            status if status.is_server_error() => return Err(unreachable()),
            _ => return Ok(None),
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| unreachable())? {
            if document.len() + chunk.len() > canonical::MAX_BYTES {
                return Ok(None);
            }
            document.extend_from_slice(&chunk);
        }
        Ok(Some(document))
    }
}

#[async_trait::async_trait]
impl Directory for Peers {
    async fn manifest(&self, server: &ServerId, _: Age) -> Result<Manifest, Refusal> {
        let absent = || Refusal::new(Code::InvalidManifest, "The server publishes no manifest.");
        let document = self.fetch(server, MANIFEST_PATH).await?.ok_or_else(absent)?;
        Manifest::read(&document, server)
    }

    async fn user(&self, handle: &Handle, _: Age) -> Result<UserDocument, Refusal> {
        let absent = || Refusal::new(Code::UnknownSender, "The server does not know the sender.");
        let (server, path) = (handle.server(), format!("{USER_DOCUMENT_PATH}{}", handle.alias()));
        let document = self.fetch(&server, &path).await?.ok_or_else(absent)?;
        UserDocument::read(&document, handle, self.uses_https(&server))
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        UnixMillis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

struct Server {
    inbox: Inbox<Peers, MemoryPins>,
    store: Box<dyn InboxStore>,
    manifest: ManifestDocument,
}

/// The routes of a server; `loopback` lets it speak http with servers on this very machine, for development.
///
/// In earnest the store is a database, where nonces survive a restart and are swept in time, and what comes from
/// one address or server is counted and limited.
pub(crate) fn router(identity: &ServerIdentity, loopback: bool) -> Result<Router, Box<dyn Error + Send + Sync>> {
    let mut policy = Policy::new([Kind::RelationshipRevoke]);
    policy.loopback_peers = loopback;
    let server = Server {
        inbox: Inbox::new(identity.id().clone(), policy, Peers::new(loopback)?, MemoryPins::new()),
        store: Box::new(MemoryInbox::new(|accepted: &Accepted| {
            println!("{} says {}", accepted.message().from(), accepted.message().kind());
            Ok(())
        })),
        manifest: (&Manifest::new(identity.id().clone(), identity.public_key(), Vec::new())).into(),
    };
    Ok(Router::new()
        .route(INBOX_PATH, post(receive))
        .route(MANIFEST_PATH, get(manifest))
        .layer(DefaultBodyLimit::max(canonical::MAX_BYTES))
        .with_state(Arc::new(server)))
}

async fn manifest(State(server): State<Arc<Server>>) -> Json<ManifestDocument> {
    Json(server.manifest.clone())
}

/// Takes the body as bytes: a JSON extractor would repair what the signature is about to judge.
async fn receive(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refused(&Refusal::new(Code::BodyTooLarge, "The body is longer than 64 KiB."));
        }
        Err(error) => return error.into_response(),
    };
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let (headers, body) = (&*headers.collect::<Vec<_>>(), &*body);
    let request = RawRequest { headers, body };
    match server.inbox.receive(request, &SystemClock, &*server.store).await {
        // Applied and retried are answered alike: whoever lost the first answer learns what she would have learnt.
        Ok(_) => (StatusCode::ACCEPTED, Json(Success::YES)).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code().class().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = ErrorBody {
        message: refusal.detail().to_owned(),
        code: refusal.code().to_string(),
        supported_protocol_versions: (status == StatusCode::UNAUTHORIZED).then(|| vec![2]),
        missing: None,
    };
    (status, Json(body)).into_response()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, address] = arguments.as_slice() else {
        return Err("usage: axum_inbox <server id> <listen address>".into());
    };
    // In earnest the seed is drawn once and kept: peers pin the key that they meet first.
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let identity = ServerIdentity::new(ServerId::parse(id)?, &seed);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("{id} listens on {}", listener.local_addr()?);
    Ok(axum::serve(listener, router(&identity, false)?).await?)
}
