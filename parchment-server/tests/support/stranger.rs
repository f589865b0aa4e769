//! Another server that a test plays itself: it has a key, users and an inbox that does as it is told.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use parchment_core::{
    api::well_known::{ManifestDocument, UserDocumentBody},
    canonical::{self, Object},
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Alias, Handle, Origin, ServerId},
    keys::{AgreementKey, SigningKey},
    manifest::{MANIFEST_PATH, Manifest, USER_DOCUMENT_PATH, UserDocument},
    nonce::Nonce,
    request::{INBOX_PATH, ServerIdentity},
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use serde_json::json;
use tokio::sync::Notify;

use super::{
    app::{Answer, TestApp, answer, random},
    wire::{self, Heard, Said},
};

/// How the inbox of a stranger's server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// 202.
    Take,
    /// It reads the message and hangs up.
    Swallow,
    /// It reads the message and says nothing until it is released.
    Hang,
    /// It refuses with this status and code.
    Refuse(u16, &'static str),
}

/// A server that a test plays.
pub struct StrangeServer {
    pub identity: ServerIdentity,
    shared: Arc<Shared>,
}

struct Shared {
    manifest: Mutex<String>,
    users: Mutex<BTreeMap<String, String>>,
    manner: Mutex<Manner>,
    messages: Mutex<Vec<SignedMessage>>,
    requests: AtomicUsize,
    release: Notify,
}

/// A user of such a server.
pub struct Stranger {
    pub handle: Handle,
    pub key: SigningKey,
}

impl StrangeServer {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            manifest: Mutex::default(),
            users: Mutex::default(),
            manner: Mutex::new(Manner::Take),
            messages: Mutex::default(),
            requests: AtomicUsize::new(0),
            release: Notify::new(),
        });
        let listening = shared.clone();
        let port = wire::listen(move |request| hear(listening.clone(), request)).await;
        let id = ServerId::parse(&format!("127.0.0.1:{port}")).unwrap();
        let identity = ServerIdentity::new(id.clone(), &random());
        let manifest = Manifest::new(id, identity.public_key(), Vec::new());
        *shared.manifest.lock().unwrap() = serde_json::to_string(&ManifestDocument::from(&manifest)).unwrap();
        Self { identity, shared }
    }

    /// A handle here that nobody has.
    pub fn handle(&self, alias: &str) -> Handle {
        Handle::new(&Alias::parse(alias).unwrap(), self.identity.id())
    }

    /// A new user with keys.
    pub fn user(&self, alias: &str) -> Stranger {
        let stranger = Stranger {
            handle: self.handle(alias),
            key: SigningKey::from_seed(&random()),
        };
        self.publish(&stranger, None);
        stranger
    }

    /// Publishes what a user is now, with an encryption key drawn anew.
    pub fn publish(&self, stranger: &Stranger, name: Option<&str>) -> AgreementKey {
        let mut encryption = random::<32>();
        encryption[31] &= 0x3f;
        let encryption = AgreementKey::from_bytes(encryption).unwrap();
        let mut document = UserDocument::new(stranger.handle.clone(), stranger.key.verifying_key(), Some(encryption));
        document.name = name.map(str::to_owned);
        let origin = Origin::parse(&format!("http://{}", self.identity.id())).unwrap();
        let text = serde_json::to_string(&UserDocumentBody::new(&document, &origin)).unwrap();
        self.shared
            .users
            .lock()
            .unwrap()
            .insert(stranger.handle.alias().to_string(), text);
        encryption
    }

    /// From now on the inbox answers like this.
    pub fn set(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// Lets those go who wait for an inbox that hangs; they hear the end of the connection.
    pub fn release(&self) {
        self.shared.release.notify_waiters();
    }

    /// How many requests of any kind came.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// The messages that reached the inbox, whatever it answered.
    pub fn messages(&self) -> Vec<SignedMessage> {
        self.shared.messages.lock().unwrap().clone()
    }

    /// The kinds of these messages.
    pub fn kinds(&self) -> Vec<Kind> {
        self.messages().iter().map(|message| message.message().kind()).collect()
    }

    /// Sends a message of one of its users to the inbox of a server.
    pub async fn send(&self, app: &TestApp, from: &Stranger, kind: Kind, to: &Handle) -> Answer {
        let now = Timestamp::from_instant(SystemClock.now());
        let nonce = Nonce::from_bytes(random());
        let message =
            UserMessage::new(kind, from.handle.clone(), to.clone(), nonce, now.clone(), Object::new()).unwrap();
        let request = self
            .identity
            .inbox_request(&app.id, &message.sign(&from.key), Nonce::from_bytes(random()), now);
        let mut post = app
            .http
            .post(app.url(INBOX_PATH))
            .header("content-type", "application/json");
        for (name, value) in request.headers() {
            post = post.header(name, value);
        }
        answer(post.body(request.body().to_owned())).await
    }
}

async fn hear(shared: Arc<Shared>, request: Heard) -> Said {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    if request.path == MANIFEST_PATH {
        return Some((200, shared.manifest.lock().unwrap().clone()));
    }
    if let Some(alias) = request.path.strip_prefix(USER_DOCUMENT_PATH) {
        let document = shared.users.lock().unwrap().get(alias).cloned();
        return Some(document.map_or((404, "{}".to_owned()), |document| (200, document)));
    }
    let message = SignedMessage::read(&canonical::parse(request.body.as_bytes()).unwrap()).unwrap();
    // Created before the message can be seen: a test that has seen it may release at once.
    let released = shared.release.notified();
    shared.messages.lock().unwrap().push(message);
    let manner = *shared.manner.lock().unwrap();
    match manner {
        Manner::Take => Some((202, json!({ "success": true }).to_string())),
        Manner::Refuse(status, code) => Some((status, json!({ "message": "No.", "code": code }).to_string())),
        Manner::Swallow => None,
        Manner::Hang => {
            released.await;
            None
        }
    }
}
