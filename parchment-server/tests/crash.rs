//! `kill -9` in the middle of receiving: what was acknowledged is there, what was not can come again, nothing is half.
//!
//! The program itself runs here, as a process of its own on a database file. A peer sends it
//! invitations, eight at a time; at some moment the process is killed and started again. The
//! tables are read between the runs, while nobody writes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    collections::HashSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use parchment_core::{
    encoding,
    envelope::{Kind, SignedMessage},
    handle::{Handle, ServerId},
};
use parchment_server::store::{
    Store,
    entities::{envelope_nonces, invitations, transport_nonces},
};
use reqwest::Method;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{
    app::{Answer, answer, free_port, http_client, random},
    peer::{Peer, RawInbox},
};
use tempfile::TempDir;

const ROUNDS: usize = 20;
const MESSAGES: usize = 100;
const IN_FLIGHT: usize = 8;

/// The program on a folder and a port; killed when dropped.
struct Program {
    folder: TempDir,
    port: u16,
    id: ServerId,
    http: reqwest::Client,
    process: Option<Child>,
}

impl Program {
    fn new() -> Self {
        let port = free_port();
        Self {
            folder: tempfile::tempdir().unwrap(),
            port,
            id: ServerId::parse(&format!("localhost:{port}")).unwrap(),
            http: http_client(),
            process: None,
        }
    }

    fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn mail(&self) -> std::path::PathBuf {
        self.folder.path().join("mail")
    }

    /// Starts it; it answers when this returns.
    async fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
        command
            .env_clear()
            .env("PARCHMENT_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("PARCHMENT_PUBLIC_ORIGIN", format!("http://{}", self.id))
            .env("PARCHMENT_DATA_DIR", self.folder.path())
            .env("PARCHMENT_MAIL", format!("file:{}", self.mail().display()))
            .env("PARCHMENT_RATE_LIMITS", "off")
            .env("PARCHMENT_ALLOW_LOOPBACK_PEERS", "true")
            .env("PARCHMENT_LOG", "error")
            .stdout(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let manifest = format!("{}/.well-known/parchment-server", self.origin());
        for _ in 0..500 {
            if self.http.get(&manifest).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the program does not answer");
    }

    /// `kill -9`: no signal handler, no destructor, no last write.
    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.origin()));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string());
        let request = if token.is_empty() {
            request
        } else {
            request.bearer_auth(token)
        };
        answer(request).await
    }

    /// Signs a user up through mail; gives her handle.
    async fn sign_up(&self, alias: &str) -> Handle {
        let email = format!("{alias}@mail.example");
        let body = json!({ "email": email });
        self.call(Method::POST, "/auth/verify", "", body).await.expect(201);
        let mut code = None;
        for _ in 0..500 {
            code = code_for(&self.mail(), &email);
            if code.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let body = json!({ "method": "otp", "email": email, "token": code.unwrap() });
        let session = self.call(Method::POST, "/auth/sessions", "", body).await.expect(201);
        let token = session.body["token"].as_str().unwrap().to_owned();
        let body = json!({ "alias": alias });
        let named = self
            .call(Method::PATCH, "/users/me/alias", &token, body)
            .await
            .expect(200);
        Handle::parse(named.body["handle"].as_str().unwrap()).unwrap()
    }

    /// The status of a request; none when no answer came.
    async fn send(&self, request: &RawInbox) -> Option<u16> {
        let response = request.at(&self.http, &self.origin()).send().await.ok()?;
        let status = response.status().as_u16();
        // An answer that breaks off is none.
        response.bytes().await.ok().map(|_| status)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The code mailed to an address that got one mail.
fn code_for(mail: &Path, email: &str) -> Option<String> {
    let paths = fs::read_dir(mail).ok()?.flatten().map(|entry| entry.path());
    let letters = paths.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    let text = letters
        .filter_map(|path| fs::read_to_string(path).ok())
        .find(|text| text.contains(email))?;
    let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
    text.split_whitespace().find(is_code).map(str::to_owned)
}

/// What the tables say.
#[derive(Debug)]
struct Tables {
    /// Who has an invitation here; the rows counted.
    invited: HashSet<String>,
    invitations: usize,
    senders: HashSet<(String, Vec<u8>)>,
    requests: HashSet<Vec<u8>>,
}

impl Tables {
    async fn read(folder: &Path) -> Self {
        let url = format!("sqlite://{}?mode=rw", folder.join("parchment.db").display());
        let store = Store::open(&url).await.unwrap();
        let rows = invitations::Entity::find().all(store.reader()).await.unwrap();
        let envelopes = envelope_nonces::Entity::find().all(store.reader()).await.unwrap();
        let requests = transport_nonces::Entity::find().all(store.reader()).await.unwrap();
        store.close().await;
        Self {
            invitations: rows.len(),
            invited: rows.into_iter().map(|row| row.peer_handle).collect(),
            senders: envelopes.into_iter().map(|row| (row.sender, row.nonce)).collect(),
            requests: requests.into_iter().map(|row| row.nonce).collect(),
        }
    }

    fn has_effect(&self, letter: &Letter) -> bool {
        self.invited.contains(letter.message.message().from().as_str())
    }

    fn knows_envelope(&self, letter: &Letter) -> bool {
        let nonce = letter.message.envelope_nonce().as_bytes().to_vec();
        self.senders
            .contains(&(letter.message.message().from().to_string(), nonce))
    }

    fn knows_request(&self, request: &RawInbox) -> bool {
        let nonce = request.headers.iter().find(|(name, _)| name == "x-parchment-nonce");
        self.requests.contains(&encoding::decode(&nonce.unwrap().1).unwrap())
    }
}

/// One message, and the request in which it is sent at first.
struct Letter {
    message: SignedMessage,
    request: RawInbox,
}

/// Sends everything, eight at a time, and kills the program once `kill_after` were answered; gives the answers.
async fn send_until_killed(program: &mut Program, letters: &[Letter], kill_after: usize) -> Vec<Option<u16>> {
    let answered = Arc::new(AtomicUsize::new(0));
    let mut process = program.process.take().unwrap();
    let delay = Duration::from_micros(u64::from(u16::from_le_bytes(random())) / 16);
    let (counter, killed) = (answered.clone(), async {
        while answered.load(Ordering::SeqCst) < kill_after {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        tokio::time::sleep(delay).await;
        process.kill().unwrap();
        process.wait().unwrap();
    });
    let program = &*program;
    let sending = stream::iter(letters)
        .map(|letter| {
            let counter = counter.clone();
            async move {
                let status = program.send(&letter.request).await;
                counter.fetch_add(1, Ordering::SeqCst);
                status
            }
        })
        .buffered(IN_FLIGHT)
        .collect::<Vec<_>>();
    tokio::join!(sending, killed).0
}

mod vulns {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn s10_killed_at_any_moment_the_server_has_each_message_wholly_or_not_at_all() {
        let mut program = Program::new();
        program.start().await;
        let home = Peer::start().await;
        let (mut unanswered, mut unanswered_and_applied) = (0, 0);

        for round in 0..ROUNDS {
            // One recipient a round: nobody may have any number of open invitations.
            let bob = program.sign_up(&format!("bob_{round}")).await;
            let letters: Vec<Letter> = (0..MESSAGES)
                .map(|number| {
                    let message = home
                        .user(&format!("user_{round}_{number}"))
                        .say(Kind::FriendInvite, &bob);
                    let request = home.request(&program.id, &message);
                    Letter { message, request }
                })
                .collect();
            let kill_after = 1 + usize::from(random::<1>()[0]) % (MESSAGES - 2 * IN_FLIGHT);
            let statuses = send_until_killed(&mut program, &letters, kill_after).await;

            let tables = Tables::read(program.folder.path()).await;
            for (letter, status) in letters.iter().zip(&statuses) {
                let sender = letter.message.message().from();
                assert!(
                    matches!(status, Some(202) | None),
                    "round {round}, {sender}: {status:?}"
                );
                let effect = tables.has_effect(letter);
                assert!(
                    effect || status.is_none(),
                    "round {round}, {sender}: acknowledged and lost"
                );
                assert_eq!(
                    tables.knows_envelope(letter),
                    effect,
                    "round {round}, {sender}: half, by envelope"
                );
                assert_eq!(
                    tables.knows_request(&letter.request),
                    effect,
                    "round {round}, {sender}: half, by request"
                );
                unanswered += usize::from(status.is_none());
                unanswered_and_applied += usize::from(status.is_none() && effect);
            }

            program.start().await;
            let again = stream::iter(&letters).map(|letter| async {
                if tables.has_effect(letter) {
                    assert_eq!(
                        program.send(&letter.request).await,
                        Some(401),
                        "a replay after the restart"
                    );
                }
                // The peer cannot know what became of it and sends the same message in a new request.
                let retry = home.request(&program.id, &letter.message);
                assert_eq!(program.send(&retry).await, Some(202), "a retry after the restart");
            });
            again.buffer_unordered(IN_FLIGHT).collect::<Vec<()>>().await;
        }

        program.kill();
        let tables = Tables::read(program.folder.path()).await;
        assert_eq!(tables.invitations, ROUNDS * MESSAGES);
        assert_eq!(tables.invited.len(), ROUNDS * MESSAGES);
        assert_eq!(home.manifest_hits(), 1, "the pin survives");
        // Otherwise no kill came in the middle of anything, and this test showed nothing.
        println!("{unanswered} without an answer, {unanswered_and_applied} of them applied");
        assert!(unanswered >= ROUNDS);
    }
}
