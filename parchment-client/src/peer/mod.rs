//! Server to server: being a member of the federation without being a Parchment server.
//!
//! A [`Peer`] speaks for the users of one server. It finds out who others are ([`resolve`](Peer::resolve)), sends what its
//! users signed ([`send`](Peer::send)), and takes in what others' users signed ([`receive`](Peer::receive)), through the
//! pipeline of [`parchment_core::inbox`]. What it needs around it is a socket with three routes:
//!
//! | route | answer |
//! |---|---|
//! | `GET /.well-known/parchment-server` | [`manifest`](Peer::manifest) |
//! | `GET /.well-known/user/{alias}` | [`user_document`](Peer::user_document), or 404 |
//! | `POST /federation/inbox` | [`answer`](Peer::answer) |
//!
//! The example `peer` is one, whole. What a server in earnest has besides: a key and nonces that outlive the process, pins
//! too, and limits on what one address or one server may ask for.
//!
//! * Requests go by https to addresses of the public internet; [`allow_loopback`](PeerBuilder::allow_loopback) is for
//!   development. Redirects and proxies are not followed, answers have at most 64 KiB and 15 seconds.
//! * The key of a server is pinned when it is met first, by either side; another one later is refused until its operator has
//!   settled it with you.
//! * What others publish is kept for five minutes, asked for once by however many, and not again within ten seconds.
//!
//! ```no_run
//! use parchment_client::peer::Peer;
//! use parchment_core::{
//!     canonical::Object,
//!     envelope::Kind,
//!     handle::{Handle, ServerId},
//!     inbox::{Accepted, MemoryInbox},
//!     keys::SigningKey,
//!     request::ServerIdentity,
//! };
//!
//! # async fn run(server_seed: [u8; 32], dora: SigningKey) -> Result<(), Box<dyn std::error::Error>> {
//! let identity = ServerIdentity::new(ServerId::parse("bridge.example")?, &server_seed);
//! let inbox = MemoryInbox::new(|message: &Accepted| {
//!     println!("{} says {}", message.message().from(), message.message().kind());
//!     Ok(())
//! });
//! let peer = Peer::builder(identity).takes([Kind::FriendAccept, Kind::FriendReject]).build(inbox)?;
//!
//! let (from, to) = (Handle::parse("dora@bridge.example")?, Handle::parse("alice@home.example")?);
//! println!("her key is {}", peer.resolve(&to).await?.signing_key.to_base64());
//! let invitation = peer.draft(Kind::FriendInvite, &from, &to, Object::new())?;
//! peer.send(&invitation.sign(&dora)).await?;
//! # Ok(())
//! # }
//! ```

use std::{fmt, sync::Arc, time::SystemTime};

use parchment_core::{
    api::{
        error::ErrorBody,
        identity::Success,
        well_known::{ManifestDocument, UserDocumentBody},
    },
    canonical::Object,
    directory::{Age, Directory as _},
    envelope::{Kind, UserMessage},
    handle::{Handle, Origin, ServerId},
    inbox::{Inbox, InboxStore, Policy, RawRequest, Receipt},
    manifest::{Manifest, UserDocument},
    nonce::Nonce,
    pins::{self, MemoryPins, PinStore},
    reach::Reach,
    refusal::{Code, Refusal},
    request::ServerIdentity,
    time::{Clock, Timestamp, UnixMillis},
};

mod cache;
mod directory;
mod outgoing;

use crate::ClientError;
pub use directory::Peers;
pub use outgoing::SendError;

/// A server of the federation, as a library. Clones are the same one.
#[derive(Clone)]
pub struct Peer {
    parts: Arc<Parts>,
}

struct Parts {
    identity: ServerIdentity,
    peers: Arc<Peers>,
    pins: Arc<dyn PinStore>,
    inbox: Inbox<Arc<Peers>, Arc<dyn PinStore>>,
    store: Box<dyn InboxStore>,
}

/// How a [`Peer`] is set up.
#[must_use]
pub struct PeerBuilder {
    identity: ServerIdentity,
    pins: Arc<dyn PinStore>,
    kinds: Vec<Kind>,
    reach: Reach,
}

impl PeerBuilder {
    /// Takes messages of these kinds, and refuses others by name; none unless given.
    pub fn takes(mut self, kinds: impl Into<Vec<Kind>>) -> Self {
        self.kinds = kinds.into();
        self
    }

    /// Keeps pins here; in memory unless given, which forgets them with the process.
    pub fn pins(mut self, pins: impl PinStore + 'static) -> Self {
        self.pins = Arc::new(pins);
        self
    }

    /// Also speaks with servers on this very machine, by plain http: for development and tests.
    pub fn allow_loopback(mut self) -> Self {
        self.reach = Reach::GlobalOrLoopback;
        self
    }

    /// A peer that records what it takes in `store`: with effect and both nonces in one step, as
    /// [`InboxStore`] says.
    ///
    /// # Errors
    ///
    /// [`ClientError::Setup`] when TLS does not start up.
    pub fn build(self, store: impl InboxStore + 'static) -> Result<Peer, ClientError> {
        let peers = Arc::new(Peers::new(self.reach)?);
        let mut policy = Policy::new(self.kinds);
        policy.loopback_peers = self.reach == Reach::GlobalOrLoopback;
        let inbox = Inbox::new(self.identity.id().clone(), policy, peers.clone(), self.pins.clone());
        Ok(Peer {
            parts: Arc::new(Parts {
                identity: self.identity,
                peers,
                pins: self.pins,
                inbox,
                store: Box::new(store),
            }),
        })
    }
}

impl fmt::Debug for PeerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerBuilder")
            .field("id", self.identity.id())
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// A peer that speaks for this server. Its key is what others pin: keep its seed, and keep it secret.
    pub fn builder(identity: ServerIdentity) -> PeerBuilder {
        PeerBuilder {
            identity,
            pins: Arc::new(MemoryPins::new()),
            kinds: Vec::new(),
            reach: Reach::Global,
        }
    }

    /// The name of this server.
    pub fn id(&self) -> &ServerId {
        self.parts.identity.id()
    }

    /// What this server publishes of itself.
    pub fn manifest(&self) -> ManifestDocument {
        let identity = &self.parts.identity;
        (&Manifest::new(identity.id().clone(), identity.public_key(), Vec::new())).into()
    }

    /// What this server publishes of one of its users.
    pub fn user_document(&self, user: &UserDocument) -> UserDocumentBody {
        UserDocumentBody::new(user, &self.origin(self.id()))
    }

    /// What a handle's server says of it, once that server's key is the pinned one or is pinned now.
    ///
    /// # Errors
    ///
    /// [`Code::PeerUnreachable`], [`Code::InvalidManifest`], [`Code::PinMismatch`], [`Code::UnknownSender`] when there is
    /// nobody of this name, or what its own storage says.
    pub async fn resolve(&self, handle: &Handle) -> Result<UserDocument, Refusal> {
        self.pin(&handle.server()).await?;
        self.parts.peers.user(handle, Age::Cached).await
    }

    /// The manifest of a server, once its key is the pinned one or is pinned now.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Self::resolve).
    pub async fn pin(&self, server: &ServerId) -> Result<Manifest, Refusal> {
        let (pins, now) = (&self.parts.pins, SystemClock.now());
        let manifest = self.parts.peers.manifest(server, Age::Cached).await?;
        let pinned = pins.pin_first(server, &manifest.public_key, now).await?;
        if pinned == manifest.public_key {
            return Ok(manifest);
        }
        // What was kept may be older than the pin.
        let manifest = self.parts.peers.manifest(server, Age::Renewed).await?;
        pins::check_pin(server, &pinned, &manifest.public_key, pins, now).await?;
        Ok(manifest)
    }

    /// A message of one of this server's users, now and with a nonce of its own, for her to sign.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidPayload`] when this kind of message does not carry such a payload, [`Code::Unavailable`] without
    /// randomness.
    pub fn draft(&self, kind: Kind, from: &Handle, to: &Handle, payload: Object) -> Result<UserMessage, Refusal> {
        let now = Timestamp::from_instant(SystemClock.now());
        UserMessage::new(kind, from.clone(), to.clone(), random_nonce()?, now, payload)
    }

    /// Takes in a request to the inbox: checks it whole, and records what it says with the store.
    ///
    /// Give headers and body as they came: a body that was parsed and written again is not what was signed.
    ///
    /// # Errors
    ///
    /// Why it is refused; nothing is recorded then.
    pub async fn receive(&self, request: RawRequest<'_>) -> Result<Receipt, Refusal> {
        self.parts
            .inbox
            .receive(request, &SystemClock, &*self.parts.store)
            .await
    }

    /// The same, as HTTP puts it: status and JSON body of the answer.
    pub async fn answer(&self, request: RawRequest<'_>) -> (u16, String) {
        let (status, body) = match self.receive(request).await {
            // Applied and repeated are answered alike: whoever lost the first answer learns what it was.
            Ok(_) => (202, serde_json::to_string(&Success::YES)),
            Err(refusal) => {
                let status = refusal.code().class().status();
                let body = ErrorBody {
                    message: refusal.detail().to_owned(),
                    code: refusal.code().to_string(),
                    supported_protocol_versions: (status == 401).then(|| vec![2]),
                    missing: None,
                };
                (status, serde_json::to_string(&body))
            }
        };
        (status, body.unwrap_or_default())
    }

    /// How a server is reached.
    fn origin(&self, server: &ServerId) -> Origin {
        Origin::new(server.clone(), self.parts.peers.uses_https(server))
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("id", self.id()).finish_non_exhaustive()
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        UnixMillis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

fn random_nonce() -> Result<Nonce, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Unavailable, "There is no randomness."))?;
    Ok(Nonce::from_bytes(bytes))
}
