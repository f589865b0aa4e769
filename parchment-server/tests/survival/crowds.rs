//! Crowds that take up connections and do nothing with them: others are served, in bounded memory.

use std::{fs, time::Duration};

use parchment_core::envelope::Kind;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet};

use crate::support::{peer::Peer, program::Program};

/// What the server may have resident at most, in KiB.
pub const MOST_KIB: u64 = 128 * 1024;

const CROWD: usize = 10_000;

/// What the program has had resident at most, in KiB.
pub fn peak_kib(program: &Program) -> u64 {
    let id = program.process.as_ref().unwrap().id();
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Lets this process hold both ends of what it opens.
fn allow_files(count: u64) {
    let limits = getrlimit(Resource::Nofile);
    if limits.current.is_some_and(|current| current < count) {
        let raised = Rlimit {
            current: Some(count),
            ..limits
        };
        setrlimit(Resource::Nofile, raised).expect("this machine allows too few open files for this test");
    }
}

/// Opens many connections and says this on each.
async fn crowd(program: &Program, size: usize, says: &[u8]) -> Vec<TcpStream> {
    let address = program.origin().trim_start_matches("http://").to_owned();
    let mut joining = JoinSet::new();
    let mut crowd = Vec::with_capacity(size);
    for _ in 0..size {
        let (address, says) = (address.clone(), says.to_vec());
        joining.spawn(async move {
            let mut stream = TcpStream::connect(address).await.ok()?;
            // Who was sent away by then cannot say it any more.
            let _ = stream.write_all(&says).await;
            Some(stream)
        });
        if joining.len() == 64 {
            crowd.extend(joining.join_next().await.unwrap().unwrap());
        }
    }
    while let Some(joined) = joining.join_next().await {
        crowd.extend(joined.unwrap());
    }
    crowd
}

/// Somebody signs in, and a peer's message is taken, while the crowd is there.
async fn honest_requests_are_served(program: &Program, name: &str) {
    let served = tokio::time::timeout(Duration::from_secs(30), async {
        let handle = program.sign_up(name).await;
        let home = Peer::start().await;
        let message = home.user("bob").say(Kind::FriendInvite, &handle);
        let request = home.request(&program.id, &message);
        let answer = request.at(&program.http, &program.origin()).send().await.unwrap();
        assert_eq!(answer.status(), 202);
    });
    served.await.expect("served in time");
    assert!(peak_kib(program) < MOST_KIB, "{} KiB", peak_kib(program));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_that_do_nothing_keep_nobody_out() {
    allow_files(CROWD as u64 + 1000);
    let mut program = Program::new();
    program.start().await;

    let _silent = crowd(&program, CROWD, b"").await;
    honest_requests_are_served(&program, "silence").await;

    // Endless heads: each begins one, and goes on for as long as it is let.
    let mut heads = crowd(&program, 2000, b"GET / HTTP/1.1\r\nx: ").await;
    for stream in &mut heads {
        let _ = stream.write_all(&[b'x'; 4096]).await;
    }
    honest_requests_are_served(&program, "heads").await;
    drop(heads);

    // Slow readers: each asks for the largest page and takes nothing of it.
    let _readers = crowd(
        &program,
        2000,
        &b"GET /docs HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(4),
    )
    .await;
    honest_requests_are_served(&program, "readers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_never_end_hold_up_nobody_else() {
    let mut program = Program::new();
    program.start().await;
    let head = b"POST /auth/verify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n{";
    let _writers = crowd(&program, 500, head).await;
    honest_requests_are_served(&program, "writers").await;
}
