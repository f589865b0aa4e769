//! What other servers publish, fetched from them.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use parchment_core::{
    canonical,
    directory::{Age, Directory},
    handle::{Handle, ServerId},
    manifest::{Manifest, UserDocument},
    reach::Reach,
    refusal::{Code, Refusal},
};
use url::{Host, Url};

use super::cache::Cache;
use crate::{
    Client, ClientError,
    client::{Limits, Shared, network::Network},
};

/// The servers of the federation, as they are reached over the network.
///
/// Its own [`Directory`], for whoever puts an [`Inbox`](parchment_core::inbox::Inbox) together by hand.
pub struct Peers {
    http: reqwest::Client,
    reach: Reach,
    manifests: Cache<ServerId, Manifest>,
    users: Cache<Handle, UserDocument>,
}

impl Peers {
    /// Servers within reach.
    ///
    /// # Errors
    ///
    /// [`ClientError::Setup`] when TLS does not start up.
    pub fn new(reach: Reach) -> Result<Self, ClientError> {
        let network = Network {
            connect_timeout: Duration::from_secs(5),
            reach: Some(reach),
            ..Network::default()
        };
        let name = concat!("parchment-client/", env!("CARGO_PKG_VERSION"));
        let builder = network.apply(reqwest::Client::builder().user_agent(name))?;
        let http = builder.https_only(reach == Reach::Global).build();
        Ok(Self {
            http: http.map_err(|error| ClientError::Setup {
                what: error.to_string(),
            })?,
            reach,
            manifests: Cache::default(),
            users: Cache::default(),
        })
    }

    /// Whether a server is spoken to by https; all are, but for this very machine in development.
    pub(super) fn uses_https(&self, server: &ServerId) -> bool {
        !(self.reach == Reach::GlobalOrLoopback && server.is_loopback())
    }

    /// A client of a server, if that is one to speak to.
    pub(super) fn client(&self, server: &ServerId) -> Result<Client, Refusal> {
        let refused = |why| Refusal::new(Code::PeerUnreachable, why);
        if server.is_loopback() && self.reach == Reach::Global {
            return Err(refused("The other server's name stands for this machine itself."));
        }
        let scheme = if self.uses_https(server) { "https" } else { "http" };
        let origin = Url::parse(&format!("{scheme}://{server}"))
            .ok()
            .filter(|origin| leads_to(origin, server))
            .ok_or_else(|| refused("The other server's name is not plainly a host name."))?;
        let timeout = Duration::from_secs(15);
        Ok(Client::of_server(Shared {
            http: self.http.clone(),
            origin,
            limits: Limits {
                timeout,
                bulk_timeout: timeout,
                answer: canonical::MAX_BYTES,
                bulk_answer: canonical::MAX_BYTES,
                // Whoever asked decides that, and may have signed something that gets old.
                retries: 0,
            },
        }))
    }

    async fn fetch_manifest(&self, server: &ServerId) -> Result<Manifest, Refusal> {
        let absent = Refusal::new(Code::InvalidManifest, "The server publishes no manifest.");
        let text = self.client(server)?.well_known().manifest_text().await;
        Manifest::read(&text.map_err(|error| explain(&error, absent))?, server)
    }

    async fn fetch_user(&self, handle: &Handle) -> Result<UserDocument, Refusal> {
        let absent = Refusal::new(Code::UnknownSender, "The server knows nobody of this name.");
        let server = handle.server();
        let text = self
            .client(&server)?
            .well_known()
            .user_text(handle.alias().as_str())
            .await;
        let text = text.map_err(|error| explain(&error, absent))?;
        UserDocument::read(&text, handle, self.uses_https(&server))
    }
}

/// Whether a URL's host is the server's name itself, and not something that it was understood as: parsers read `0x7f.1`
/// and full-width digits as addresses, which go past the resolver. Server ids do not have these forms; this does not rely on
/// it.
fn leads_to(origin: &Url, server: &ServerId) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name == server.host().to_ascii_lowercase(),
        Some(Host::Ipv4(address)) => {
            server.is_loopback() && address.is_loopback() && address.to_string() == server.host()
        }
        Some(Host::Ipv6(_)) | None => false,
    }
}

/// An answer that says no says `absent`. The server's own words stay out of it: they go to whoever sent the request.
fn explain(error: &ClientError, absent: Refusal) -> Refusal {
    match error {
        ClientError::Transport { .. } => Refusal::new(Code::PeerUnreachable, "The other server gives no answer now."),
        ClientError::Refused(refused) if matches!(refused.status, 408 | 429 | 500..) => {
            Refusal::new(Code::PeerUnreachable, "The other server cannot answer now.")
        }
        _ => absent,
    }
}

#[async_trait]
impl Directory for Peers {
    async fn manifest(&self, server: &ServerId, age: Age) -> Result<Manifest, Refusal> {
        self.manifests.get(server, age, self.fetch_manifest(server)).await
    }

    async fn user(&self, handle: &Handle, age: Age) -> Result<UserDocument, Refusal> {
        self.users.get(handle, age, self.fetch_user(handle)).await
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peers")
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}
