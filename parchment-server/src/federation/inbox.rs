//! Recording received messages: both nonces and the effect in one transaction, many messages in one commit.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use parchment_core::{
    encoding::hex,
    envelope::EnvelopeNonce,
    handle::{Handle, ServerId},
    inbox::{InboxStore, Outcome, Receipt, Verified},
    nonce::{Digest, Nonce},
    replay::{self, Decision, Seen},
    storage::StorageError,
};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use tokio::sync::{mpsc, oneshot};

use super::{fairness::FairQueue, pins::failed};
use crate::{
    identity::alias,
    social::received::{PersonRow, Received},
    store::{
        Store, StoreError,
        entities::{envelope_nonces, transport_nonces},
        sets::{self, Row, Touched},
    },
};

/// How many callers share a commit at most, and how many of them may bring messages of one server.
///
/// So many share the price of a commit well enough, and whoever comes with a single message waits for few of a server
/// that sends without end.
const BATCH: usize = 256;
const BATCH_OF_ONE: usize = 64;

/// How many callers may wait for theirs; beyond that they wait to be let in.
const QUEUE: usize = 4096;

/// An inbox store on the database: one transaction per call.
#[derive(Debug, Clone)]
pub struct StoredInbox {
    store: Store,
}

impl StoredInbox {
    /// The inbox of this database.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl StoredInbox {
    async fn try_record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StoreError> {
        self.store.write(async |tx| record(tx, batch).await).await
    }
}

#[async_trait]
impl InboxStore for StoredInbox {
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError> {
        self.try_record(batch).await.map_err(failed)
    }
}

/// Loads all that the batch may touch, decides message by message in memory, and writes what came of it.
///
/// The number of statements does not depend on that of the messages.
async fn record(tx: &impl ConnectionTrait, batch: Vec<Verified>) -> Result<Vec<Outcome>, StoreError> {
    let touched: Vec<_> = batch.iter().map(touched).collect();
    let rows = sets::touched(tx, &touched).await?;
    let mut recorded = Recorded::default();
    let mut about_people = Vec::new();
    for (at, row) in rows {
        match row {
            Row::Request => recorded.requests.extend(batch.get(at).map(request_key)),
            Row::Message(digest) => {
                let digest = read_digest(&digest)?;
                recorded
                    .messages
                    .extend(batch.get(at).map(|message| (message_key(message), digest)));
            }
            Row::Recipient(row) => about_people.push((at, PersonRow::Recipient(row))),
            Row::Side(row) => about_people.push((at, PersonRow::Side(row))),
        }
    }
    let mut effects = Received::load(tx, &batch, about_people).await?;
    let outcomes = batch.into_iter().map(|message| recorded.decide(message, &mut effects));
    let outcomes = outcomes.collect();
    effects.save(tx).await?;
    recorded.save(tx).await?;
    Ok(outcomes)
}

/// What is looked up for a message.
fn touched(message: &Verified) -> Touched<'_> {
    let (from, to) = (message.message().from(), message.message().to());
    (
        message.server().as_str(),
        hex(message.transport_nonce().as_bytes()),
        from.as_str(),
        hex(message.envelope_nonce().as_bytes()),
        alias::key(&to.alias()),
    )
}

fn request_key(message: &Verified) -> (ServerId, Nonce) {
    (message.server().clone(), message.transport_nonce())
}

fn message_key(message: &Verified) -> (Handle, EnvelopeNonce) {
    (message.message().from().clone(), *message.envelope_nonce())
}

/// The nonces that a batch may meet: those in the database, and those that it adds.
#[derive(Default)]
struct Recorded {
    requests: HashSet<(ServerId, Nonce)>,
    messages: HashMap<(Handle, EnvelopeNonce), Digest>,
    new_requests: Vec<(String, String, i64)>,
    new_messages: Vec<(String, String, String, i64)>,
}

impl Recorded {
    fn decide(&mut self, message: Verified, effects: &mut Received) -> Outcome {
        let (request, envelope) = (request_key(&message), message_key(&message));
        let (digest, received) = (message.digest(), message.received());
        let seen = Seen {
            transport: self.requests.contains(&request),
            envelope: self.messages.get(&envelope).copied(),
        };
        let receipt = match replay::decide(message, seen) {
            Decision::Refuse(refusal) => return Err(refusal),
            Decision::Retry => Receipt::Retried,
            Decision::Accept(accepted) => {
                effects.receive(&accepted)?;
                let (sender, nonce) = (&envelope.0, &envelope.1);
                let row = (
                    sender.to_string(),
                    hex(nonce.as_bytes()),
                    hex(digest.as_bytes()),
                    received.0,
                );
                self.new_messages.push(row);
                self.messages.insert(envelope, digest);
                Receipt::Applied
            }
        };
        let row = (request.0.to_string(), hex(request.1.as_bytes()), received.0);
        self.new_requests.push(row);
        self.requests.insert(request);
        Ok(receipt)
    }

    async fn save(self, tx: &impl ConnectionTrait) -> Result<(), StoreError> {
        sets::record_requests(tx, &self.new_requests).await?;
        sets::record_messages(tx, &self.new_messages).await
    }
}

fn read_digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    let bytes = bytes.try_into().map_err(|_| StoreError::Corrupt {
        reason: "a digest has not 32 bytes".to_owned(),
    })?;
    Ok(Digest::from_bytes(bytes))
}

/// How many nonces are forgotten in one transaction, so that messages need not wait long behind it.
const SWEPT_AT_ONCE: u64 = 5000;

/// Forgets nonces received before `until`, a few at a time.
pub async fn sweep(store: &Store, until: i64) -> Result<(), StoreError> {
    let transport = transport_nonces::Column::ReceivedAt;
    while let Some(next) = oldest::<transport_nonces::Entity>(store, transport, until).await? {
        let old = transport_nonces::Entity::delete_many().filter(transport.lte(next));
        store.write(async |tx| Ok::<_, StoreError>(old.exec(tx).await?)).await?;
    }
    let envelopes = envelope_nonces::Column::ReceivedAt;
    while let Some(next) = oldest::<envelope_nonces::Entity>(store, envelopes, until).await? {
        let old = envelope_nonces::Entity::delete_many().filter(envelopes.lte(next));
        store.write(async |tx| Ok::<_, StoreError>(old.exec(tx).await?)).await?;
    }
    Ok(())
}

/// Up to when the next few of the nonces received before `until` were received; none when there are none.
async fn oldest<E: EntityTrait>(store: &Store, received_at: E::Column, until: i64) -> Result<Option<i64>, StoreError> {
    let old = || {
        let query = E::find()
            .select_only()
            .column(received_at)
            .filter(received_at.lt(until));
        query.order_by_asc(received_at)
    };
    let few: Option<i64> = old().offset(SWEPT_AT_ONCE).into_tuple().one(store.reader()).await?;
    if few.is_some() {
        return Ok(few);
    }
    let last: Option<i64> = E::find()
        .select_only()
        .column(received_at)
        .filter(received_at.lt(until))
        .order_by_desc(received_at)
        .into_tuple()
        .one(store.reader())
        .await?;
    Ok(last)
}

struct Job {
    batch: Vec<Verified>,
    answer: oneshot::Sender<Result<Vec<Outcome>, StorageError>>,
}

/// An inbox store whose callers share commits.
///
/// A commit costs the same for one message as for hundreds. While one is under way, callers
/// gather, and the next takes them, in turns by the server that sent the message; each is answered
/// after the commit that holds its message.
#[derive(Debug, Clone)]
pub struct GroupedInbox {
    jobs: mpsc::Sender<Job>,
}

impl GroupedInbox {
    /// Starts the writer on this database; it ends when the last clone of this is gone.
    pub fn start(store: Store) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_in_groups(Arc::new(StoredInbox::new(store)), waiting));
        Self { jobs }
    }
}

#[async_trait]
impl InboxStore for GroupedInbox {
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError> {
        let stopped = || StorageError("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { batch, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn write_in_groups(inbox: Arc<StoredInbox>, mut waiting: mpsc::Receiver<Job>) {
    let mut queue = FairQueue::default();
    let mut arrived = Vec::new();
    loop {
        if queue.is_empty() && waiting.recv_many(&mut arrived, QUEUE).await == 0 {
            return;
        }
        while queue.len() + arrived.len() < QUEUE
            && let Ok(job) = waiting.try_recv()
        {
            arrived.push(job);
        }
        for job in arrived.drain(..) {
            let server = job.batch.first().map(|message| message.server().to_string());
            queue.push(server.unwrap_or_default(), job);
        }
        let mut jobs = queue.take(BATCH, BATCH_OF_ONE);
        // Who has gone away was not answered and will send again.
        jobs.retain(|job| !job.answer.is_closed());
        let all: Vec<Verified> = jobs.iter().flat_map(|job| job.batch.iter().cloned()).collect();
        match record_safely(&inbox, all).await {
            Ok(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                for job in jobs.drain(..) {
                    let own = outcomes.by_ref().take(job.batch.len()).collect();
                    let _ = job.answer.send(Ok(own));
                }
            }
            // The database cannot be had: it would fail each of them just as slowly.
            Err(error) if error.is_unavailable() => {
                let error = failed(error);
                for job in jobs.drain(..) {
                    let _ = job.answer.send(Err(error.clone()));
                }
            }
            // Nothing of the group has happened. One message may be what broke it: each by itself, then.
            Err(_) => {
                for job in jobs.drain(..) {
                    let _ = job.answer.send(record_safely(&inbox, job.batch).await.map_err(failed));
                }
            }
        }
    }
}

/// A message that makes the code panic costs its caller an error and nobody else anything.
async fn record_safely(inbox: &StoredInbox, batch: Vec<Verified>) -> Result<Vec<Outcome>, StoreError> {
    let recorded = AssertUnwindSafe(inbox.try_record(batch)).catch_unwind().await;
    recorded.unwrap_or_else(|_| {
        Err(StoreError::Internal {
            reason: "recording a message panicked".to_owned(),
        })
    })
}
