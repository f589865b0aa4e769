//! `kill -9` in the middle of receiving: what was acknowledged is there, what was not can come again, nothing is half.
//!
//! The program itself runs here, as a process of its own on a database file. A peer sends it
//! invitations, eight at a time; at some moment the process is killed and started again. The
//! tables are read between the runs, while nobody writes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    collections::HashSet,
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
};
use parchment_server::store::{
    Store,
    entities::{envelope_nonces, invitations, transport_nonces},
};
use sea_orm::EntityTrait as _;
use support::{
    app::random,
    peer::{Peer, RawInbox},
    program::Program,
};

const ROUNDS: usize = 20;
const MESSAGES: usize = 100;
const IN_FLIGHT: usize = 8;

/// The status of a request; none when no answer came.
async fn send(program: &Program, request: &RawInbox) -> Option<u16> {
    let response = request.at(&program.http, &program.origin()).send().await.ok()?;
    let status = response.status().as_u16();
    // An answer that breaks off is none.
    response.bytes().await.ok().map(|_| status)
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
    async fn read(url: &str) -> Self {
        let store = Store::open(url).await.unwrap();
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
                let status = send(program, &letter.request).await;
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

            let tables = Tables::read(&program.database_url()).await;
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
                        send(&program, &letter.request).await,
                        Some(401),
                        "a replay after the restart"
                    );
                }
                // The peer cannot know what became of it and sends the same message in a new request.
                let retry = home.request(&program.id, &letter.message);
                assert_eq!(send(&program, &retry).await, Some(202), "a retry after the restart");
            });
            again.buffer_unordered(IN_FLIGHT).collect::<Vec<()>>().await;
        }

        program.kill();
        let tables = Tables::read(&program.database_url()).await;
        assert_eq!(tables.invitations, ROUNDS * MESSAGES);
        assert_eq!(tables.invited.len(), ROUNDS * MESSAGES);
        assert_eq!(home.manifest_hits(), 1, "the pin survives");
        // Otherwise no kill came in the middle of anything, and this test showed nothing.
        println!("{unanswered} without an answer, {unanswered_and_applied} of them applied");
        assert!(unanswered >= ROUNDS);
    }
}
