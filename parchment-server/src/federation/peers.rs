//! Asking other servers who they and their users are.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use parchment_core::{
    directory::{Age, Directory},
    handle::{Handle, Origin, ServerId},
    manifest::{MANIFEST_PATH, Manifest, USER_DOCUMENT_PATH, UserDocument},
    refusal::{Code, Refusal},
};
use tokio::sync::Semaphore;

use super::{
    cache::{Cache, Want},
    fairness::Shares,
    fetch::{FetchError, Fetched, Fetcher},
};
use crate::config::Settings;

/// How long a manifest or user document is good: 5 minutes.
const GOOD_FOR: Duration = Duration::from_secs(5 * 60);

/// How long a failure is remembered: 30 seconds.
const BAD_FOR: Duration = Duration::from_secs(30);

/// How often a document is asked for again because a signature did not verify: once in 10 seconds for a user, whose keys
/// may change at any time; once in 60 for a server, whose new key would be refused anyway.
const USER_RENEWED_AFTER: Duration = Duration::from_secs(10);
const MANIFEST_RENEWED_AFTER: Duration = Duration::from_secs(60);

/// How many questions are under way at once because strangers sent something, and because own users did.
///
/// Strangers can make this server ask; they cannot make it ask without end, nor keep its own users from asking.
const ASKED_FOR_STRANGERS: usize = 64;
const ASKED_FOR_USERS: usize = 512;

/// How many of these go to one server: one that does not answer keeps no more turns from the others.
const ASKED_OF_ONE: usize = 8;

/// How long a question waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// The directory of other servers: fetched over https, cached, each question asked once at a time.
#[derive(Clone)]
pub struct Peers {
    known: Arc<Known>,
    turns: Arc<Turns>,
    /// How often a question is asked: one that strangers asked may come back for want of their turns.
    attempts: u32,
}

/// Turns at asking: of each server so many, of all together so many.
struct Turns {
    of_one: Shares,
    of_all: Semaphore,
}

impl Turns {
    fn new(of_all: usize) -> Arc<Self> {
        Arc::new(Self {
            of_one: Shares::new(ASKED_OF_ONE),
            of_all: Semaphore::new(of_all),
        })
    }
}

struct Known {
    fetcher: Fetcher,
    manifests: Cache<ServerId, Manifest>,
    users: Cache<Handle, UserDocument>,
}

impl Peers {
    /// A directory that has asked nobody yet, for what own users do.
    pub fn new(fetcher: Fetcher) -> Self {
        let known = Known {
            fetcher,
            manifests: Cache::new(GOOD_FOR, BAD_FOR),
            users: Cache::new(GOOD_FOR, BAD_FOR),
        };
        Self {
            known: Arc::new(known),
            turns: Turns::new(ASKED_FOR_USERS),
            attempts: 2,
        }
    }

    /// The same directory for what strangers send, with turns of its own.
    #[must_use]
    pub fn for_strangers(&self) -> Self {
        Self {
            known: self.known.clone(),
            turns: Turns::new(ASKED_FOR_STRANGERS),
            attempts: 1,
        }
    }

    /// Forgets the manifest of a server: the next who needs it asks.
    pub fn forget(&self, server: &ServerId) {
        self.known.manifests.forget(server);
    }

    /// Where a server is reached: http for this very machine, https for all others.
    pub fn origin_of(&self, server: &ServerId, settings: &Settings) -> Origin {
        if server == settings.server_id() {
            settings.public_origin.clone()
        } else {
            Origin::new(server.clone(), !server.is_loopback())
        }
    }
}

async fn fetch(fetcher: Fetcher, turns: Arc<Turns>, server: ServerId, path: String) -> Result<Fetched, Refusal> {
    let _share = turns.of_one.take(server.to_string()).await?;
    let Ok(Ok(_turn)) = tokio::time::timeout(TURN_WITHIN, turns.of_all.acquire()).await else {
        return Err(Refusal::new(
            Code::Busy,
            "Too many servers are being asked right now; try again.",
        ));
    };
    fetcher.get(&server, &path).await.map_err(|error| {
        let detail = match error {
            FetchError::Refused { why } => format!("The server {server} must not be asked: {why}."),
            error => format!("The server {server} cannot be asked: {error}."),
        };
        Refusal::new(Code::PeerUnreachable, detail)
    })
}

impl Peers {
    /// Asks again, with turns of its own, what came back because somebody else had none left.
    async fn patiently<V, F: Future<Output = Result<V, Refusal>>>(&self, ask: impl Fn() -> F) -> Result<V, Refusal> {
        let mut answer = ask().await;
        for _ in 1..self.attempts {
            match &answer {
                Err(refusal) if refusal.code() == Code::Busy => answer = ask().await,
                _ => break,
            }
        }
        answer
    }
}

#[async_trait]
impl Directory for Peers {
    async fn manifest(&self, server: &ServerId, age: Age) -> Result<Manifest, Refusal> {
        let ask = || {
            let (fetcher, turns, server) = (self.known.fetcher.clone(), self.turns.clone(), server.clone());
            async move {
                let answer = fetch(fetcher, turns, server.clone(), MANIFEST_PATH.to_owned()).await?;
                match answer.status {
                    200 => Manifest::read(&answer.body, &server),
                    400..=499 => Err(Refusal::new(Code::InvalidManifest, "The server publishes no manifest.")),
                    status => Err(unusable_status(status)),
                }
            }
            .boxed()
        };
        self.patiently(|| self.known.manifests.get(server, want(age, MANIFEST_RENEWED_AFTER), ask))
            .await
    }

    async fn user(&self, handle: &Handle, age: Age) -> Result<UserDocument, Refusal> {
        let ask = || {
            let (fetcher, turns, handle) = (self.known.fetcher.clone(), self.turns.clone(), handle.clone());
            async move {
                let server = handle.server();
                let path = format!("{USER_DOCUMENT_PATH}{}", handle.alias());
                let answer = fetch(fetcher, turns, server.clone(), path).await?;
                match answer.status {
                    200 => UserDocument::read(&answer.body, &handle, !server.is_loopback()),
                    404 | 410 => Err(Refusal::new(Code::UnknownSender, "Her server does not know the user.")),
                    status => Err(unusable_status(status)),
                }
            }
            .boxed()
        };
        self.patiently(|| self.known.users.get(handle, want(age, USER_RENEWED_AFTER), ask))
            .await
    }
}

fn want(age: Age, renewed_after: Duration) -> Want {
    match age {
        Age::Cached => Want::Known,
        Age::Renewed => Want::Renewed(renewed_after),
    }
}

fn unusable_status(status: u16) -> Refusal {
    Refusal::new(Code::PeerUnreachable, format!("The other server answered {status}."))
}

impl std::fmt::Debug for Peers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Peers")
    }
}
