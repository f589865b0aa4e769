//! The servers and users around a receiver, and the receiver itself.

use std::{collections::HashMap, future::Future};

use async_trait::async_trait;
use parchment_core::{
    canonical,
    directory::{Age, Directory},
    envelope::Kind,
    handle::{Handle, ServerId},
    inbox::{Accepted, Handler, Inbox, MemoryInbox, Policy, RawRequest},
    manifest::{Manifest, UserDocument},
    nonce::{Digest, Nonce},
    pins::MemoryPins,
    refusal::{Code, Refusal},
    request::{INBOX_METHOD, INBOX_PATH, PROTOCOL_VERSION, ServerIdentity, Wrapper, header},
    time::{FixedClock, Timestamp},
};
use serde_json::json;

use super::{ed25519, verdict::Ours};

/// The key of a.example.
pub(crate) const A_EXAMPLE_KEY: &str = "GRrPYixtZ61VmHQCMHjnXOywlJHZg8SSpBtVdh13RHw=";

/// The key of evil.example.
pub(crate) const EVIL_EXAMPLE_KEY: &str = "IHqQPF95dgWTPG465fsuG9MkHerLwVho260B+IvZeP4=";

/// The signing key of alice@a.example.
pub(crate) const ALICE_KEY: &str = "WQ8cQarNXZ6yghH/xfPW+0BNjgbMHt5TtvI3kcHVyik=";

/// The recorded time of nearly everything.
pub(crate) const NOON: &str = "2026-04-20T12:00:00.000Z";

/// What other servers answer with: documents as text, so that reading them is this crate's work.
#[derive(Debug, Default)]
pub(crate) struct World {
    manifests: HashMap<String, String>,
    users: HashMap<String, String>,
}

impl World {
    /// A server that says of itself what is true.
    pub(crate) fn with_server(self, name: &str, key: &str) -> Self {
        self.with_manifest(name, name, key, &[2])
    }

    pub(crate) fn with_servers<'a>(self, servers: impl IntoIterator<Item = (&'a String, &'a str)>) -> Self {
        servers
            .into_iter()
            .fold(self, |world, (name, key)| world.with_server(name, key))
    }

    /// A server that says of itself whatever it likes.
    pub(crate) fn with_manifest(mut self, name: &str, claimed: &str, key: &str, versions: &[u32]) -> Self {
        let manifest = json!({ "server_id": claimed, "public_key": key, "protocol_versions": versions });
        self.manifests.insert(name.to_owned(), manifest.to_string());
        self
    }

    pub(crate) fn with_user(mut self, handle: &str, key: &str) -> Self {
        let server = handle.split_once('@').unwrap().1;
        let inbox = format!("https://{server}{INBOX_PATH}");
        let document = json!({ "handle": handle, "signingKey": key, "encryptionKey": "", "inbox": inbox });
        self.users.insert(handle.to_owned(), document.to_string());
        self
    }
}

#[async_trait]
impl Directory for World {
    async fn manifest(&self, server: &ServerId, _: Age) -> Result<Manifest, Refusal> {
        let text = self.manifests.get(server.as_str());
        let text = text.ok_or_else(|| Refusal::new(Code::PeerUnreachable, "There is no such server."))?;
        Manifest::read(text.as_bytes(), server)
    }

    async fn user(&self, handle: &Handle, _: Age) -> Result<UserDocument, Refusal> {
        let text = self.users.get(handle.as_str());
        let text = text.ok_or_else(|| Refusal::new(Code::UnknownSender, "There is no such user."))?;
        UserDocument::read(text.as_bytes(), handle, true)
    }
}

/// What upstream's handlers do in a world without local users, invitations and friendships.
pub(crate) struct NobodyHome {
    /// What becomes of a rejection that nothing is known about; nothing but the cases says so.
    pub(crate) takes_rejections: bool,
}

impl Handler for NobodyHome {
    fn handle(&mut self, message: &Accepted) -> Result<(), Refusal> {
        match message.message().kind() {
            Kind::RelationshipRevoke => Ok(()),
            Kind::FriendReject if self.takes_rejections => Ok(()),
            Kind::FriendAccept | Kind::FriendReject => {
                Err(Refusal::new(Code::NoInvitation, "There are no invitations here."))
            }
            _ => Err(Refusal::new(Code::UnknownRecipient, "There are no users here.")),
        }
    }
}

/// The inbox of one server, at one instant, that takes every kind of message.
pub(crate) struct Receiver {
    own: ServerId,
    inbox: Inbox<World, MemoryPins>,
    store: MemoryInbox<NobodyHome>,
    now: Timestamp,
}

impl Receiver {
    pub(crate) fn new(own: &str, now: &str, world: World, handler: NobodyHome) -> Self {
        let own = ServerId::parse(own).unwrap();
        Self {
            inbox: Inbox::new(own.clone(), Policy::new(Kind::ALL), world, MemoryPins::new()),
            own,
            store: MemoryInbox::new(handler),
            now: Timestamp::parse(now).unwrap(),
        }
    }

    /// Delivers a request as it is.
    pub(crate) fn deliver(&self, headers: &[(&str, &str)], body: &str) -> Ours<()> {
        let raw_headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = RawRequest {
            headers: &raw_headers,
            body: body.as_bytes(),
        };
        let receipt = wait(
            self.inbox
                .receive(request, &FixedClock(self.now.instant()), &self.store),
        );
        // By another reader, since the one under test may be what is wrong.
        let message: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        receipt
            .map(drop)
            .map_err(|refusal| ed25519::reason_for(refusal, &signatures_of(headers, &message)))
    }

    /// Delivers a body in a request that `sender` signs now.
    pub(crate) fn deliver_from(&self, sender: &ServerIdentity, body: &str) -> Ours<()> {
        // A body that cannot be read is refused before its hash matters.
        let body_hash = canonical::parse(body.as_bytes())
            .map_or_else(|_| Digest::of(body.as_bytes()), |body| canonical::digest(&body));
        let nonce = Nonce::from_bytes([7; 16]);
        let signature = sender.sign(&Wrapper {
            method: INBOX_METHOD,
            path: INBOX_PATH,
            body_hash,
            nonce,
            timestamp: &self.now,
            peer: &self.own,
            sender: sender.id(),
        });
        let headers = [
            (header::SERVER_ID, sender.id().as_str()),
            (header::PROTOCOL_VERSION, PROTOCOL_VERSION),
            (header::NONCE, &nonce.to_base64()),
            (header::TIMESTAMP, self.now.as_str()),
            (header::SIGNATURE, &signature.to_base64()),
        ];
        self.deliver(&headers, body)
    }
}

/// The server's signature and the user's.
fn signatures_of<'a>(headers: &[(&str, &'a str)], message: &'a serde_json::Value) -> Vec<&'a str> {
    let of_server = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(header::SIGNATURE));
    of_server
        .map(|(_, value)| *value)
        .chain(message["signature"].as_str())
        .collect()
}

/// Runs what never really waits, since nothing here is fetched or stored elsewhere.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}
