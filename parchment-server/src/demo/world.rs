//! The two servers, the proxy, and the folder that all of it lives in.

use std::{fs, net::TcpListener, path::PathBuf};

use parchment_core::{
    handle::{Origin, ServerId},
    request::ServerIdentity,
};

use zeroize::Zeroizing;

use super::proxy::Proxy;
use crate::{
    Server,
    config::{Seed, Settings},
    random, testing,
};

/// Everything that runs.
pub(super) struct World {
    folder: PathBuf,
    pub(super) alice_server: ServerId,
    pub(super) bob_server: ServerId,
    /// What alice's server signs with, so that the demonstration can send what that server could send.
    pub(super) alice_identity: ServerIdentity,
    pub(super) proxy: Proxy,
    servers: Vec<Server>,
    pub(super) http: reqwest::Client,
}

impl World {
    pub(super) async fn start() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("parchment-demo-{}", random::id()));
        let http = client()?;
        let bob_behind = free_port()?;
        let proxy = Proxy::start(bob_behind, http.clone()).await?;
        let seed = random::bytes::<32>();
        let alice_port = free_port()?;

        let mut alice = settings(&folder, "alice-server", alice_port, alice_port)?;
        alice.server_identity_private_key = Some(Seed::new(Zeroizing::new(seed)));
        let bob = settings(&folder, "bob-server", bob_behind, proxy.port())?;
        let (alice_server, bob_server) = (alice.server_id().clone(), bob.server_id().clone());
        let mut servers = Vec::new();
        for settings in [alice, bob] {
            servers.push(Server::start(settings).await.map_err(|error| error.to_string())?);
        }
        Ok(Self {
            alice_identity: ServerIdentity::new(alice_server.clone(), &seed),
            folder,
            alice_server,
            bob_server,
            proxy,
            servers,
            http,
        })
    }

    /// Where the mail of a server lies.
    pub(super) fn mail_of(&self, server: &ServerId) -> PathBuf {
        let name = if *server == self.alice_server {
            "alice-server"
        } else {
            "bob-server"
        };
        self.folder.join(name).join("mail")
    }

    pub(super) async fn stop(self) {
        for server in self.servers {
            // What it served has been checked; that it stops cleanly is for other tests.
            let _ = server.stop().await;
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn settings(folder: &std::path::Path, name: &str, listen: u16, public: u16) -> Result<Settings, String> {
    let mut settings = testing::settings(&folder.join(name));
    settings.listen.set_port(listen);
    settings.public_origin = Origin::parse(&format!("http://localhost:{public}")).map_err(|error| error.to_string())?;
    settings.allow_loopback_peers = true;
    Ok(settings)
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

/// An HTTP client for loopback.
fn client() -> Result<reqwest::Client, String> {
    let provider = rustls::crypto::ring::default_provider();
    let tls = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    client.build().map_err(|error| error.to_string())
}
