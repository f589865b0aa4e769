//! What the inbox is measured against: a server that checks two signatures of a request under keys that it has, hashes
//! its body, and records its nonce, once, in groups. It believes everything and keeps nothing else.

use std::{path::Path, sync::Arc, time::Duration};

use parchment_core::{
    keys::{Signature, SigningKey, VerifyingKey},
    nonce::Digest,
    request::header,
};
use poem::{EndpointExt as _, Route, handler, http::StatusCode, listener::TcpListener, post, web::Data};
use sea_orm::sqlx::{
    Row as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    process::Command,
    sync::{mpsc, oneshot},
};

use crate::{Error, process::Process, process::free_name, process::get};

/// What all requests share: the key and signature that are checked, and the way to the writer.
struct Bare {
    text: String,
    key: VerifyingKey,
    signature: Signature,
    waiting: mpsc::Sender<(String, oneshot::Sender<bool>)>,
}

/// How many nonces share a commit at most.
const BATCH: usize = 256;

/// Serves until it is killed.
pub async fn serve(address: &str, database: &Path) -> Result<(), Error> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    sea_orm::sqlx::query("CREATE TABLE nonces (nonce TEXT PRIMARY KEY, received_at INTEGER NOT NULL) WITHOUT ROWID")
        .execute(&pool)
        .await?;
    let (waiting, jobs) = mpsc::channel(4096);
    tokio::spawn(write(pool, jobs));
    let signer = SigningKey::from_seed(&[7; 32]);
    // As long as what is signed of a message.
    let text = "x".repeat(330);
    let bare = Bare {
        key: signer.verifying_key(),
        signature: signer.sign(&text),
        text,
        waiting,
    };
    let routes = Route::new().at("/", post(record)).data(Arc::new(bare));
    Ok(poem::Server::new(TcpListener::bind(address.to_owned()))
        .run(routes)
        .await?)
}

async fn write(pool: SqlitePool, mut jobs: mpsc::Receiver<(String, oneshot::Sender<bool>)>) -> Result<(), Error> {
    let mut group = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut group, BATCH).await > 0 {
        let nonces: Vec<&str> = group.iter().map(|(nonce, _)| nonce.as_str()).collect();
        let rows = sea_orm::sqlx::query(
            "INSERT OR IGNORE INTO nonces SELECT value, 1 FROM json_each(?) WHERE true RETURNING nonce",
        )
        .bind(serde_json::to_string(&nonces)?)
        .fetch_all(&pool)
        .await?;
        let mut fresh: std::collections::HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        for (nonce, answer) in group.drain(..) {
            let _ = answer.send(fresh.remove(&nonce));
        }
    }
    Ok(())
}

#[handler]
async fn record(request: &poem::Request, body: poem::Body, bare: Data<&Arc<Bare>>) -> StatusCode {
    let (Some(nonce), Ok(body)) = (request.header(header::NONCE), body.into_bytes().await) else {
        return StatusCode::BAD_REQUEST;
    };
    std::hint::black_box(Digest::of(&body));
    for _ in 0..2 {
        if bare.key.verify(bare.text.as_bytes(), &bare.signature).is_err() {
            return StatusCode::UNAUTHORIZED;
        }
    }
    let (answer, answered) = oneshot::channel();
    let job = (nonce.to_owned(), answer);
    match (bare.waiting.send(job).await, answered.await) {
        (Ok(()), Ok(true)) => StatusCode::ACCEPTED,
        (Ok(()), Ok(false)) => StatusCode::CONFLICT,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Starts one in a process of its own.
pub async fn start(folder: &Path) -> Result<Process, Error> {
    let (address, _) = free_name()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").arg(address.to_string()).arg(folder.join("bare.db"));
    let process = Process::run(command, address, &get("/", &[])).await?;
    // The table is there before it listens; the first commits are not what is measured.
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(process)
}

/// The same request for the bare server, which has one path.
pub fn redirect(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    text.replacen(parchment_core::request::INBOX_PATH, "/", 1).into_bytes()
}
