//! A connection to PostgreSQL that is cut, slow, or delivers half of what was said.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use parchment_core::envelope::Kind;
use parchment_server::store::{Store, entities::invitations};
use sea_orm::EntityTrait as _;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::AbortHandle,
};

use crate::support::{
    app::random,
    database,
    peer::{Peer, RawInbox},
    program::Program,
};

/// The name of the socket that PostgreSQL's clients look for.
const SOCKET: &str = ".s.PGSQL.5432";

const MESSAGES: usize = 200;

/// Stands between the server and its database.
struct Wire {
    folder: TempDir,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    delay_ms: AtomicU64,
    connections: Mutex<Vec<AbortHandle>>,
}

impl Wire {
    fn to(socket: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(database) = UnixStream::connect(&socket).await else {
                    continue;
                };
                let carrying = tokio::spawn(carry(client, database, shared.clone()));
                shared.connections.lock().unwrap().push(carrying.abort_handle());
            }
        });
        Self { folder, state }
    }

    /// The URL of the same database, through this.
    fn url(&self, url: &str) -> String {
        let (before, _) = url.split_once("?host=").unwrap();
        format!("{before}?host={}", self.folder.path().display())
    }

    fn delay(&self, milliseconds: u64) {
        self.state.delay_ms.store(milliseconds, Ordering::SeqCst);
    }

    /// Cuts all connections, wherever they are in what they say: what was read and not passed on yet is lost.
    fn cut(&self) {
        for connection in self.state.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }
}

async fn carry(client: UnixStream, database: UnixStream, state: Arc<State>) {
    let ((client_says, client_hears), (database_says, database_hears)) = (client.into_split(), database.into_split());
    let pass = |mut from: tokio::net::unix::OwnedReadHalf, mut to: tokio::net::unix::OwnedWriteHalf| {
        let state = state.clone();
        async move {
            let mut bytes = vec![0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                // In two halves, so that a cut leaves half a message behind.
                let (first, second) = bytes[..count].split_at(count / 2);
                if to.write_all(first).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(state.delay_ms.load(Ordering::SeqCst))).await;
                if to.write_all(second).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = pass(client_says, database_hears) => {}
        () = pass(database_says, client_hears) => {}
    }
}

/// The status of a request; the server itself always answers.
async fn send(program: &Program, request: &RawInbox) -> u16 {
    let answer = request.at(&program.http, &program.origin()).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_the_database_is_cut_off_nothing_acknowledged_is_lost_and_nothing_is_applied_twice() {
    let Some(direct) = database::postgres() else { return };
    let folder = direct.split_once("?host=").unwrap().1;
    let wire = Wire::to(Path::new(folder).join(SOCKET));
    let mut program = Program::new();
    program.postgres = Some(wire.url(&direct));
    program.start().await;
    let alice = program.sign_up("alice").await;
    let home = Peer::start().await;
    // The first message has the peer's key pinned.
    let first = home.request(&program.id, &home.user("first").say(Kind::FriendInvite, &alice));
    assert_eq!(send(&program, &first).await, 202);

    let messages: Vec<_> = (0..MESSAGES)
        .map(|number| home.user(&format!("user_{number}")).say(Kind::FriendInvite, &alice))
        .collect();
    let sending = stream::iter(&messages)
        .map(|message| {
            let request = home.request(&program.id, message);
            let program = &program;
            async move { send(program, &request).await }
        })
        .buffered(16)
        .collect::<Vec<u16>>();
    let disturbing = async {
        loop {
            wire.delay(u64::from(random::<1>()[0]) % 8);
            tokio::time::sleep(Duration::from_millis(20 + u64::from(random::<1>()[0]))).await;
            wire.cut();
        }
    };
    let statuses = tokio::select! {
        statuses = sending => statuses,
        () = disturbing => unreachable!(),
    };
    assert!(
        statuses.iter().all(|status| matches!(status, 202 | 503)),
        "{statuses:?}"
    );
    let put_off = statuses.iter().filter(|status| **status == 503).count();
    println!("{put_off} of {MESSAGES} put off");
    assert!(put_off > 0, "otherwise nothing was cut, and this test showed nothing");

    wire.delay(0);
    let store = Store::open(&direct).await.unwrap();
    let invited = async || {
        let rows = invitations::Entity::find().all(store.reader()).await.unwrap();
        let mut handles: Vec<String> = rows.into_iter().map(|row| row.peer_handle).collect();
        handles.sort();
        handles
    };
    let there = invited().await;
    for (message, status) in messages.iter().zip(&statuses) {
        let is_there = there.binary_search(&message.message().from().to_string()).is_ok();
        assert!(is_there || *status == 503, "acknowledged and lost");
    }
    // The peer cannot know what became of those, and sends the same messages again.
    for message in &messages {
        assert_eq!(send(&program, &home.request(&program.id, message)).await, 202);
    }
    let there = invited().await;
    assert_eq!(there.len(), MESSAGES + 1, "each once");
    store.close().await;
}
