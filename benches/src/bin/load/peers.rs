//! Other servers with their users: they publish who they are, and sign before the clock starts.

use std::sync::Arc;

use parchment_core::{
    api::well_known::{ManifestDocument, UserDocumentBody},
    canonical::Object,
    envelope::{Kind, UserMessage},
    handle::{Alias, Handle, Origin, ServerId},
    keys::SigningKey,
    manifest::{MANIFEST_PATH, Manifest, UserDocument},
    nonce::Nonce,
    request::{INBOX_PATH, ServerIdentity},
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use poem::{
    EndpointExt as _, IntoResponse as _, Route, get, handler,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
    web::{Data, Json, Path},
};

use crate::{Error, random};

/// A server that sends: its key and its users.
pub struct Peer {
    identity: ServerIdentity,
    pub users: Vec<(Handle, SigningKey)>,
}

struct Published {
    manifest: ManifestDocument,
    users: Vec<UserDocumentBody>,
}

/// Starts so many peers with so many users each.
pub async fn start(peers: usize, users_each: usize) -> Result<Vec<Peer>, Error> {
    let mut started = Vec::with_capacity(peers);
    for _ in 0..peers {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor
            .local_addr()
            .first()
            .and_then(|address| address.as_socket_addr().copied());
        let id = ServerId::parse(&format!("localhost:{}", address.ok_or("no port")?.port()))?;
        let identity = ServerIdentity::new(id.clone(), &random()?);
        let mut users = Vec::with_capacity(users_each);
        let mut documents = Vec::with_capacity(users_each);
        for index in 0..users_each {
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
        started.push(Peer { identity, users });
    }
    Ok(started)
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

/// Whether a request carries the signature of its server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Honestly,
    /// Under a key that nobody has published.
    Forged,
}

impl Peer {
    /// A message of a user, as the bytes of the request that brings it.
    pub fn request(&self, user: usize, kind: Kind, to: &Handle, signed: Signed) -> Result<Vec<u8>, Error> {
        let (from, key) = self.users.get(user % self.users.len()).ok_or("no user")?;
        let now = Timestamp::from_instant(SystemClock.now());
        let nonce = Nonce::from_bytes(random()?);
        let message = UserMessage::new(kind, from.clone(), to.clone(), nonce, now.clone(), Object::new())?;
        let forger;
        let identity = match signed {
            Signed::Honestly => &self.identity,
            Signed::Forged => {
                forger = ServerIdentity::new(self.identity.id().clone(), &random()?);
                &forger
            }
        };
        let request = identity.inbox_request(&to.server(), &message.sign(key), Nonce::from_bytes(random()?), now);
        let mut bytes = format!(
            "POST {INBOX_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            request.body().len()
        );
        for (name, value) in request.headers() {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        bytes.push_str(request.body());
        Ok(bytes.into_bytes())
    }
}

/// So many requests from the next user of the next peer each.
pub fn requests(
    peers: &[Peer],
    count: usize,
    kind: Kind,
    signed: Signed,
    to: impl Fn(usize) -> Handle,
) -> Result<Vec<Vec<u8>>, Error> {
    let request = |index: usize| {
        let peer = peers.get(index % peers.len()).ok_or("no peer")?;
        peer.request(index / peers.len(), kind, &to(index), signed)
    };
    (0..count).map(request).collect()
}
