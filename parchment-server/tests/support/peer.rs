//! Another server, as a test writes it: documents that can change, hits that are counted, and requests signed or not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use parchment_core::{
    api::well_known::{ManifestDocument, UserDocumentBody},
    canonical::Object,
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Alias, Handle, Origin, ServerId},
    keys::SigningKey,
    manifest::{MANIFEST_PATH, Manifest, USER_DOCUMENT_PATH, UserDocument},
    nonce::Nonce,
    request::{INBOX_PATH, OutboundRequest, ServerIdentity, header},
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use poem::{
    Body, EndpointExt as _, Request, Response, Route, handler,
    http::{HeaderMap, Method, StatusCode},
    listener::{Acceptor as _, Listener as _, TcpListener},
    web::Data,
};
use serde_json::{Value, json};

use super::app::{Answer, TestApp, answer, http_client, random};

/// What the peer answers on a path.
#[derive(Debug, Clone)]
pub enum Page {
    /// 200 with this document.
    Json(Value),
    /// This status, with these headers and this body.
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// The same, later.
    After(Duration, Box<Page>),
    /// Nothing, ever.
    Hang,
    /// One page after the other, the last one for ever.
    Turns(Vec<Page>),
}

/// A request to the peer's inbox.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    pages: Mutex<HashMap<String, Page>>,
    hits: Mutex<HashMap<String, usize>>,
    /// Requests being answered, and the most that ever were.
    at_once: Mutex<(usize, usize)>,
    inbox: Mutex<Vec<Received>>,
}

/// A running peer; it answers 404 on every path that nothing was said about.
#[derive(Clone)]
pub struct Peer {
    pub identity: ServerIdentity,
    state: Arc<State>,
}

impl Peer {
    /// A peer with a manifest and nobody on it.
    pub async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let state = Arc::new(State::default());
        let routes = Route::new().at("/*path", serve).data(state.clone());
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));
        let id = ServerId::parse(&format!("localhost:{}", address.port())).unwrap();
        let peer = Self {
            identity: ServerIdentity::new(id, &random()),
            state,
        };
        peer.set(INBOX_PATH, Page::Raw(202, vec![], br#"{"success":true}"#.to_vec()));
        peer.publish_manifest();
        peer
    }

    pub fn id(&self) -> &ServerId {
        self.identity.id()
    }

    /// The same peer under another key, which its manifest does not show until it is published.
    pub fn with_new_key(&self) -> Self {
        Self {
            identity: ServerIdentity::new(self.id().clone(), &random()),
            state: self.state.clone(),
        }
    }

    /// The same peer under another name of this machine.
    pub fn called(&self, host: &str) -> Self {
        let id = ServerId::parse(&format!("{host}:{}", self.id().port().unwrap())).unwrap();
        Self {
            identity: ServerIdentity::new(id, &random()),
            state: self.state.clone(),
        }
    }

    /// Says what is on a path from now on.
    pub fn set(&self, path: &str, page: Page) {
        self.state.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// The manifest as it should be.
    pub fn manifest(&self) -> Value {
        let manifest = Manifest::new(self.id().clone(), self.identity.public_key(), Vec::new());
        json!(ManifestDocument::from(&manifest))
    }

    pub fn publish_manifest(&self) {
        self.set(MANIFEST_PATH, Page::Json(self.manifest()));
    }

    /// Somebody new with a published document.
    pub fn user(&self, alias: &str) -> PeerUser {
        let handle = Handle::new(&Alias::parse(alias).unwrap(), self.id());
        let user = PeerUser {
            handle,
            key: SigningKey::from_seed(&random()),
        };
        self.publish_user(&user);
        user
    }

    /// The document of a user as it should be.
    pub fn document(&self, user: &PeerUser) -> Value {
        let document = UserDocument::new(user.handle.clone(), user.key.verifying_key(), None);
        json!(UserDocumentBody::new(&document, &Origin::new(self.id().clone(), false)))
    }

    pub fn publish_user(&self, user: &PeerUser) {
        self.set(&user.path(), Page::Json(self.document(user)));
    }

    /// How often a path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        self.state.hits.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    pub fn manifest_hits(&self) -> usize {
        self.hits(MANIFEST_PATH)
    }

    /// How often anything was asked for.
    pub fn all_hits(&self) -> usize {
        self.state.hits.lock().unwrap().values().sum()
    }

    /// How many requests were being answered at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.state.at_once.lock().unwrap().1
    }

    /// What came to the inbox.
    pub fn inbox(&self) -> Vec<Received> {
        self.state.inbox.lock().unwrap().clone()
    }

    /// The request in which this peer carries a message to `to`, with a nonce of its own.
    pub fn request(&self, to: &ServerId, message: &SignedMessage) -> RawInbox {
        let now = Timestamp::from_instant(SystemClock.now());
        RawInbox::from(
            &self
                .identity
                .inbox_request(to, message, Nonce::from_bytes(random()), now),
        )
    }

    /// Carries a message to a server under test.
    pub async fn deliver(&self, app: &TestApp, message: &SignedMessage) -> Answer {
        self.request(&app.id, message).send(app).await
    }
}

#[handler]
async fn serve(request: &Request, body: Body, state: Data<&Arc<State>>) -> poem::Result<Response> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::POST && path == INBOX_PATH {
        let (headers, body) = (request.headers().clone(), body.into_vec().await?);
        state.inbox.lock().unwrap().push(Received { headers, body });
    }
    let turn = {
        let mut hits = state.hits.lock().unwrap();
        let hit = hits.entry(path.clone()).or_default();
        *hit += 1;
        *hit - 1
    };
    let page = state.pages.lock().unwrap().get(&path).cloned();
    let _busy = Busy::with(state.0.clone());
    Ok(show(page, turn).await)
}

/// A request being answered, until this is dropped.
struct Busy(Arc<State>);

impl Busy {
    fn with(state: Arc<State>) -> Self {
        let mut at_once = state.at_once.lock().unwrap();
        at_once.0 += 1;
        at_once.1 = at_once.1.max(at_once.0);
        drop(at_once);
        Self(state)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.at_once.lock().unwrap().0 -= 1;
    }
}

async fn show(mut page: Option<Page>, turn: usize) -> Response {
    loop {
        page = match page {
            None => return Response::builder().status(StatusCode::NOT_FOUND).finish(),
            Some(Page::Hang) => std::future::pending().await,
            Some(Page::Turns(pages)) => pages.get(turn.min(pages.len() - 1)).cloned(),
            Some(Page::After(delay, page)) => {
                tokio::time::sleep(delay).await;
                Some(*page)
            }
            Some(Page::Json(document)) => {
                return Response::builder()
                    .content_type("application/json")
                    .body(document.to_string());
            }
            Some(Page::Raw(status, headers, body)) => {
                let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                return response.body(body);
            }
        };
    }
}

/// Somebody on a peer.
#[derive(Clone)]
pub struct PeerUser {
    pub handle: Handle,
    pub key: SigningKey,
}

impl PeerUser {
    /// Where her document is.
    pub fn path(&self) -> String {
        format!("{USER_DOCUMENT_PATH}{}", self.handle.alias())
    }

    /// The same person with a key that her document does not show until it is published.
    pub fn with_new_key(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            key: SigningKey::from_seed(&random()),
        }
    }

    /// What she says now.
    pub fn say(&self, kind: Kind, to: &Handle) -> SignedMessage {
        self.say_at(kind, to, 0)
    }

    /// What she says so many milliseconds from now.
    pub fn say_at(&self, kind: Kind, to: &Handle, offset_ms: i64) -> SignedMessage {
        let nonce = Nonce::from_bytes(random());
        let timestamp = Timestamp::from_instant(SystemClock.now().plus(offset_ms));
        let message = UserMessage::new(kind, self.handle.clone(), to.clone(), nonce, timestamp, Object::new());
        message.unwrap().sign(&self.key)
    }
}

/// A request to an inbox, to be changed at will.
#[derive(Debug, Clone)]
pub struct RawInbox {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub query: String,
}

impl From<&OutboundRequest> for RawInbox {
    fn from(request: &OutboundRequest) -> Self {
        let headers = request
            .headers()
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter();
        Self {
            headers: headers
                .chain([("content-type".to_owned(), "application/json".to_owned())])
                .collect(),
            body: request.body().as_bytes().to_vec(),
            query: String::new(),
        }
    }
}

impl RawInbox {
    /// The same with another value for a header, or without it.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers
            .extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// The same with a signature that nobody made.
    #[must_use]
    pub fn forged(self) -> Self {
        let signature = parchment_core::encoding::encode(&random::<64>());
        self.with(header::SIGNATURE, Some(&signature))
    }

    /// The request, to be sent to a server at `origin`.
    pub fn at(&self, http: &reqwest::Client, origin: &str) -> reqwest::RequestBuilder {
        let url = format!("{origin}{INBOX_PATH}{}", self.query);
        let request = http.post(url).body(self.body.clone());
        self.headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value))
    }

    pub async fn send(&self, app: &TestApp) -> Answer {
        answer(self.at(&app.http, &app.url(""))).await
    }

    /// Sends a body that the server need not hear to its end; gives the status, if the answer was not lost over that.
    ///
    /// The connection is not used again: the server may close it at any moment.
    pub async fn send_too_much(&self, app: &TestApp) -> Option<u16> {
        let response = self.at(&http_client(), &app.url("")).send().await;
        response.ok().map(|response| response.status().as_u16())
    }
}

/// Sends all at once; gives the answers in the order of the requests.
pub async fn send_all(app: &TestApp, requests: &[RawInbox]) -> Vec<Answer> {
    futures_util::future::join_all(requests.iter().map(|request| request.send(app))).await
}
