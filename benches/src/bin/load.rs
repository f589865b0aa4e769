//! A load generator for the inbox: peers with pre-signed messages against a server process.
//!
//! It prints accepted messages a second, latencies, and the server's processor time and memory,
//! and verifies that every accepted message left its two nonces, each once.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use parchment_core::{
    api::well_known::{ManifestDocument, UserDocumentBody},
    canonical::Object,
    envelope::{Kind, UserMessage},
    handle::{Alias, Handle, Origin, ServerId},
    keys::SigningKey,
    manifest::{MANIFEST_PATH, Manifest, UserDocument},
    nonce::Nonce,
    request::{INBOX_PATH, OutboundRequest, ServerIdentity},
    time::{Clock as _, Timestamp},
};
use parchment_server::{
    app::SystemClock,
    store::{
        Store,
        entities::{envelope_nonces, transport_nonces},
    },
};
use poem::{
    EndpointExt as _, IntoResponse as _, Route, get, handler,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
    web::{Data, Json, Path},
};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use tokio::process::{Child, Command};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Drives a server's inbox and prints what it did.
#[derive(Parser)]
struct Options {
    /// The server program.
    #[arg(long, default_value = "target/release/parchment-server")]
    server: PathBuf,
    /// How many messages are sent.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// How many requests are under way at once.
    #[arg(long, default_value_t = 64)]
    in_flight: usize,
    /// How many servers send.
    #[arg(long, default_value_t = 10)]
    peers: usize,
    /// How many users each of them has.
    #[arg(long, default_value_t = 100)]
    users: usize,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let (mut server, id) = start_server(&options, &folder).await?;
    let peers = start_peers(&options).await?;
    let http = client()?;

    // First contact is not what is measured: every peer is pinned and every user known before.
    let introductions = sign(&peers, &id, peers.len() * options.users)?;
    let introduced = send_all(&http, &id, introductions, options.in_flight).await?;
    println!("introduced {} users of {} peers", introduced.accepted, peers.len());

    let requests = sign(&peers, &id, options.messages)?;
    let before = cpu_seconds(&server)?;
    let report = send_all(&http, &id, requests, options.in_flight).await?;
    let cpu = cpu_seconds(&server)? - before;

    let per_second = report.accepted as f64 / report.elapsed.as_secs_f64();
    println!(
        "accepted        {} of {} in {:.2} s",
        report.accepted,
        options.messages,
        report.elapsed.as_secs_f64()
    );
    println!("accepted/s      {per_second:.0} with {} in flight", options.in_flight);
    println!(
        "latency         p50 {:.1} ms, p99 {:.1} ms",
        report.percentile(50),
        report.percentile(99)
    );
    println!(
        "server CPU      {:.0} us a message",
        cpu * 1e6 / report.accepted.max(1) as f64
    );
    println!("server memory   {:.1} MiB resident", resident_mib(&server)?);

    server.kill().await?;
    let store = Store::open(&format!("sqlite://{}", folder.path().join("parchment.db").display())).await?;
    let expected = (introduced.accepted + report.accepted) as u64;
    let transport = transport_nonces::Entity::find().count(store.reader()).await?;
    let envelopes = envelope_nonces::Entity::find().count(store.reader()).await?;
    println!("recorded        {transport} requests and {envelopes} messages, {expected} accepted");
    if (transport, envelopes) != (expected, expected) || report.accepted != options.messages {
        return Err("what was recorded is not what was accepted".into());
    }
    Ok(())
}

async fn start_server(options: &Options, folder: &tempfile::TempDir) -> Result<(Child, ServerId), Error> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let id = ServerId::parse(&format!("localhost:{port}"))?;
    let server = Command::new(&options.server)
        .env_clear()
        .env("PARCHMENT_LISTEN", format!("127.0.0.1:{port}"))
        .env("PARCHMENT_PUBLIC_ORIGIN", format!("http://{id}"))
        .env("PARCHMENT_DATA_DIR", folder.path())
        .env("PARCHMENT_ALLOW_LOOPBACK_PEERS", "true")
        .env("PARCHMENT_RATE_LIMITS", "off")
        .env("PARCHMENT_LOG", "warn")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let http = client()?;
    for _ in 0..500 {
        if http.get(format!("http://{id}{MANIFEST_PATH}")).send().await.is_ok() {
            return Ok((server, id));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("the server did not start".into())
}

/// A server that sends: its key, its users, and where it publishes both.
struct Peer {
    identity: ServerIdentity,
    users: Vec<(Handle, SigningKey)>,
}

struct Published {
    manifest: ManifestDocument,
    users: Vec<UserDocumentBody>,
}

async fn start_peers(options: &Options) -> Result<Vec<Peer>, Error> {
    let mut peers = Vec::with_capacity(options.peers);
    for _ in 0..options.peers {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let port = acceptor
            .local_addr()
            .first()
            .and_then(|address| address.as_socket_addr().map(|a| a.port()));
        let id = ServerId::parse(&format!("localhost:{}", port.ok_or("no port")?))?;
        let identity = ServerIdentity::new(id.clone(), &random()?);
        let mut users = Vec::with_capacity(options.users);
        let mut documents = Vec::with_capacity(options.users);
        for index in 0..options.users {
            let handle = Handle::new(&Alias::parse(&format!("user{index:05}"))?, &id);
            let key = SigningKey::from_seed(&random()?);
            let document = UserDocument::new(handle.clone(), key.verifying_key(), None);
            documents.push(UserDocumentBody::new(&document, &Origin::new(id.clone(), false)));
            users.push((handle, key));
        }
        let manifest = ManifestDocument::from(&Manifest::new(id, identity.public_key(), Vec::new()));
        let published = Arc::new(Published {
            manifest,
            users: documents,
        });
        let routes = Route::new()
            .at(MANIFEST_PATH, get(manifest_of))
            .at("/.well-known/user/:alias", get(user_of))
            .data(published);
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));
        peers.push(Peer { identity, users });
    }
    Ok(peers)
}

#[handler]
fn manifest_of(published: Data<&Arc<Published>>) -> Json<ManifestDocument> {
    Json(published.manifest.clone())
}

#[handler]
fn user_of(published: Data<&Arc<Published>>, alias: Path<String>) -> poem::Response {
    let prefix = format!("{}@", alias.0);
    match published.users.iter().find(|user| user.handle.starts_with(&prefix)) {
        Some(user) => Json(user.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Distinct revocations, each by the next user of the next peer.
fn sign(peers: &[Peer], to: &ServerId, count: usize) -> Result<Vec<OutboundRequest>, Error> {
    let recipient = Handle::new(&Alias::parse("nobody")?, to);
    let requests = (0..count).map(|index| {
        let peer = peers.get(index % peers.len()).ok_or("no peer")?;
        let (from, key) = peer
            .users
            .get(index / peers.len() % peer.users.len())
            .ok_or("no user")?;
        let now = Timestamp::from_instant(SystemClock.now());
        let message = UserMessage::new(
            Kind::RelationshipRevoke,
            from.clone(),
            recipient.clone(),
            Nonce::from_bytes(random()?),
            now.clone(),
            Object::new(),
        )?;
        Ok(peer
            .identity
            .inbox_request(to, &message.sign(key), Nonce::from_bytes(random()?), now))
    });
    requests.collect()
}

struct Report {
    accepted: usize,
    elapsed: Duration,
    latencies: Vec<Duration>,
}

impl Report {
    /// A percentile of the latencies, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies
            .get(at)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

async fn send_all(
    http: &reqwest::Client,
    to: &ServerId,
    requests: Vec<OutboundRequest>,
    in_flight: usize,
) -> Result<Report, Error> {
    let url = format!("http://{to}{INBOX_PATH}");
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let workers = (0..in_flight).map(|_| {
        let (http, url, requests, next) = (http.clone(), url.clone(), requests.clone(), next.clone());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut sending = http.post(&url).header("content-type", "application/json");
                for (name, value) in request.headers() {
                    sending = sending.header(name, value);
                }
                let begun = Instant::now();
                match sending.body(request.body().to_owned()).send().await {
                    Ok(answer) if answer.status() == 202 => {
                        let _ = answer.bytes().await;
                        latencies.push(begun.elapsed());
                    }
                    Ok(answer) => eprintln!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
                    Err(error) => eprintln!("{error}"),
                }
            }
            latencies
        })
    });
    let mut latencies = Vec::with_capacity(requests.len());
    for worker in futures_util::future::join_all(workers).await {
        latencies.extend(worker?);
    }
    latencies.sort_unstable();
    Ok(Report {
        accepted: latencies.len(),
        elapsed: start.elapsed(),
        latencies,
    })
}

fn client() -> Result<reqwest::Client, Error> {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()?)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// User and system time of the server so far (Linux).
fn cpu_seconds(server: &Child) -> Result<f64, Error> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.id().ok_or("the server ended")?))?;
    let after_name = stat.rsplit_once(')').ok_or("unreadable stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or_default()
    };
    // Fields 14 and 15 of proc(5), counted from the state; Linux counts 100 ticks a second.
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// Resident memory of the server (Linux).
fn resident_mib(server: &Child) -> Result<f64, Error> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id().ok_or("the server ended")?))?;
    let kib = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?
            .trim()
            .strip_suffix("kB")?
            .trim()
            .parse()
            .ok()
    });
    Ok(kib.unwrap_or(0.0_f64) / 1024.0)
}
