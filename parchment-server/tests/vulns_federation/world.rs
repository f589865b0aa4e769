//! What these tests share: rows to count, and a server whose requests to others a test controls.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use parchment_core::{
    handle::{Handle, Origin, ServerId},
    inbox::{Inbox, Policy},
};
use parchment_server::{
    app::{App, KINDS},
    federation::{
        fetch::{Fetcher, Limits},
        guard::{Lookup, Reach},
        peers::Peers,
        pins::StoredPins,
    },
    store::{
        Store,
        entities::{envelope_nonces, invitations, peers, sessions, transport_nonces},
    },
};
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use tempfile::TempDir;

use crate::support::{
    app::{Answer, answer, free_port, http_client},
    peer::RawInbox,
};

/// How many rows there are in the tables that strangers might want to grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    pub transport_nonces: u64,
    pub envelope_nonces: u64,
    pub peers: u64,
    pub sessions: u64,
    pub invitations: u64,
}

pub async fn rows(store: &Store) -> Rows {
    let db = store.reader();
    Rows {
        transport_nonces: transport_nonces::Entity::find().count(db).await.unwrap(),
        envelope_nonces: envelope_nonces::Entity::find().count(db).await.unwrap(),
        peers: peers::Entity::find().count(db).await.unwrap(),
        sessions: sessions::Entity::find().count(db).await.unwrap(),
        invitations: invitations::Entity::find().count(db).await.unwrap(),
    }
}

/// How many invitations of somebody lie here.
pub async fn invitations_of(store: &Store, peer: &Handle) -> u64 {
    let found = invitations::Entity::find().filter(invitations::Column::PeerHandle.eq(peer.as_str()));
    found.count(store.reader()).await.unwrap()
}

/// The row of a peer.
pub async fn peer_row(store: &Store, server: &ServerId) -> Option<peers::Model> {
    let row = peers::Entity::find_by_id(server.as_str());
    row.one(store.reader()).await.unwrap()
}

/// Time enough for a test on a busy machine, and little enough to show that a limit works.
pub const SHORT: Limits = Limits {
    connect: Duration::from_millis(500),
    get: Duration::from_millis(2_000),
    post: Duration::from_millis(2_000),
    body: 64 * 1024,
};

/// DNS that gives every name the same addresses.
pub struct Always(pub Vec<IpAddr>);

#[async_trait]
impl Lookup for Always {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

/// A whole server, but for the way in which it asks others.
pub struct Controlled {
    pub app: Arc<App>,
    pub id: ServerId,
    origin: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Controlled {
    pub async fn start(reach: Reach, dns: Vec<IpAddr>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = parchment_server::testing::settings(folder.path());
        let port = free_port();
        let origin = format!("http://localhost:{port}");
        settings.public_origin = Origin::parse(&origin).unwrap();
        settings.rate_limits = parchment_server::config::Switch::Off;
        let id = settings.server_id().clone();

        let mut app = Arc::into_inner(App::open(settings).await.unwrap()).unwrap();
        let fetcher = Fetcher::with(reach, SHORT, Arc::new(Always(dns))).unwrap();
        let mut policy = Policy::new(KINDS);
        policy.loopback_peers = reach == Reach::GlobalOrLoopback;
        app.peers = Peers::new(fetcher);
        app.inbox = Inbox::new(
            id.clone(),
            policy,
            app.peers.for_strangers(),
            StoredPins::new(app.store.clone()),
        );
        let app = Arc::new(app);
        let acceptor = TcpListener::bind(("127.0.0.1", port)).into_acceptor().await.unwrap();
        assert!(acceptor.local_addr()[0].as_socket_addr().is_some());
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(parchment_server::endpoint(app.clone())));
        Self {
            app,
            id,
            origin,
            http: http_client(),
            _folder: folder,
        }
    }

    pub fn handle(&self, alias: &str) -> Handle {
        Handle::parse(&format!("{alias}@{}", self.id)).unwrap()
    }

    pub async fn send(&self, request: &RawInbox) -> Answer {
        answer(request.at(&self.http, &self.origin)).await
    }
}
