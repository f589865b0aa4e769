//! The application: everything that the faces share, put together once.

use std::sync::Arc;

use parchment_core::{
    envelope::Kind,
    handle::{Alias, Handle},
    inbox::{Inbox, Policy},
    limits,
    request::ServerIdentity,
    time::{Clock, UnixMillis},
};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::{
    auth::{codes::CodeHasher, passkeys::RelyingParty, sessions::RecentSessions},
    config::{Settings, Switch},
    federation::{
        documents::RecentDocuments,
        fairness::Shares,
        fetch::Fetcher,
        guard::Reach,
        identity::{self, IdentityError},
        inbox::GroupedInbox,
        outbox::Outbox,
        peers::Peers,
        pins::StoredPins,
        refusals::Refusals,
    },
    http::traffic::Traffic,
    mail::{MailError, Mailer},
    metrics::Metrics,
    store::{Store, StoreError, entities::users},
    vault::device_secrets::SecretSealer,
};

/// The kinds of message that are built here.
pub const KINDS: [Kind; 4] = [
    Kind::FriendInvite,
    Kind::FriendAccept,
    Kind::FriendReject,
    Kind::RelationshipRevoke,
];

/// What this server can do beyond the base protocol; only what works is announced (rule 17.19).
pub const CAPABILITIES: [&str; 3] = ["signed-server-messages", "replay-protection", "revocation-propagation"];

/// The parts of a running server.
#[derive(Debug)]
pub struct App {
    /// What was set.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: SystemClock,
    /// The server's own name and key.
    pub server: Arc<ServerIdentity>,
    /// Hashes sign-in codes.
    pub codes: CodeHasher,
    /// The server as the authenticators of passkeys know it; none where its client is reached by an address.
    pub relying_party: Option<RelyingParty>,
    /// Seals the secrets of devices.
    pub secrets: SecretSealer,
    /// Sends mail.
    pub mailer: Mailer,
    /// Other servers and their users.
    pub peers: Peers,
    /// Sends signed messages.
    pub outbox: Outbox,
    /// Receives them.
    pub inbox: Inbox<Peers, StoredPins>,
    /// Requests to the inbox whose server is not authenticated yet, by the name in which they come and the address.
    pub claimed: Shares,
    /// Requests of authenticated servers, by server.
    pub authenticated: Shares,
    /// Rotations of one session, of which one is taken at a time.
    pub rotations: Shares,
    /// Rotations of all sessions together.
    pub rotation_places: Arc<Semaphore>,
    /// Where received messages take effect.
    pub received: GroupedInbox,
    /// What is counted for operators.
    pub metrics: Arc<Metrics>,
    /// What was refused between this server and others.
    pub refusals: Arc<Refusals>,
    /// Sessions as they were last looked up.
    pub recent_sessions: RecentSessions,
    /// Documents of users here as they were last answered.
    pub recent_documents: RecentDocuments,
    /// Traffic limits.
    pub traffic: Traffic,
    /// The requests that are being answered.
    pub requests: TaskTracker,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot work together.
    #[error(transparent)]
    Settings(#[from] crate::config::SettingsError),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's key is not usable.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Mail cannot be set up.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The HTTP client cannot be set up.
    #[error("requests to other servers cannot be made: {0}")]
    Fetch(#[from] crate::federation::fetch::FetchError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
}

impl App {
    /// Opens the database, finds or makes the server's key, and puts the parts together.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing runs then.
    pub async fn open(settings: Settings) -> Result<Arc<Self>, StartError> {
        settings.check()?;
        let clock = SystemClock;
        let store = Store::open(&settings.database_url()).await?;
        let seed = identity::seed(&settings, &store).await?;
        let server = Arc::new(ServerIdentity::new(settings.server_id().clone(), &seed));
        identity::record(&store, &server, clock.now()).await?;

        let reach = if settings.allow_loopback_peers {
            Reach::GlobalOrLoopback
        } else {
            Reach::Global
        };
        let fetcher = Fetcher::new(reach)?;
        let peers = Peers::new(fetcher.clone());
        let pins = StoredPins::new(store.clone()).beside(peers.clone());
        let refusals = Arc::<Refusals>::default();
        let metrics = Arc::new(Metrics::new());
        let mut policy = Policy::new(KINDS);
        policy.loopback_peers = settings.allow_loopback_peers;
        policy.legacy = settings.legacy_messages == Switch::On;
        Ok(Arc::new(Self {
            codes: CodeHasher::new(&seed),
            relying_party: RelyingParty::new(settings.client_origin(), &settings.public_origin),
            secrets: SecretSealer::new(&seed),
            mailer: Mailer::new(
                &settings.mail,
                &settings.public_origin,
                settings.mail_from.clone(),
                metrics.clone(),
            )?,
            outbox: Outbox::new(
                server.clone(),
                fetcher,
                peers.clone(),
                pins.clone(),
                refusals.clone(),
                metrics.clone(),
            ),
            inbox: Inbox::new(settings.server_id().clone(), policy, peers.for_strangers(), pins),
            metrics,
            claimed: Shares::new(limits::INBOX_UNVERIFIED_AT_ONCE),
            authenticated: Shares::new(limits::INBOX_PER_SERVER_AT_ONCE),
            rotations: Shares::new(1),
            rotation_places: Arc::new(Semaphore::new(limits::ROTATIONS_AT_ONCE)),
            received: GroupedInbox::start(store.clone()),
            refusals,
            recent_sessions: RecentSessions::default(),
            recent_documents: RecentDocuments::default(),
            traffic: Traffic::new(settings.rate_limits),
            requests: TaskTracker::new(),
            peers,
            server,
            store,
            clock,
            settings,
        }))
    }

    /// The current instant.
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The handle of a local user, once she has an alias.
    pub fn handle_of(&self, user: &users::Model) -> Option<Handle> {
        let alias = Alias::parse(user.alias.as_deref()?).ok()?;
        Some(self.handle(&alias))
    }

    /// The handle of a local alias.
    pub fn handle(&self, alias: &Alias) -> Handle {
        Handle::new(alias, self.settings.server_id())
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let millis = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, i64::wrapping_neg),
        };
        UnixMillis(millis)
    }
}
