//! Recording received messages: both nonces and the effect in one transaction, many messages in one commit.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use parchment_core::{
    inbox::{InboxStore, Outcome, Receipt, Verified},
    nonce::Digest,
    replay::{self, Decision, Seen},
    storage::StorageError,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use tokio::sync::{mpsc, oneshot};

use super::{fairness::FairQueue, pins::failed};
use crate::{
    social::relations::{self, EffectError},
    store::{
        Store, StoreError,
        entities::{envelope_nonces, transport_nonces},
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
        self.store
            .write(async |tx| {
                let mut outcomes = Vec::with_capacity(batch.len());
                for message in batch {
                    outcomes.push(record(tx, message).await?);
                }
                Ok(outcomes)
            })
            .await
    }
}

#[async_trait]
impl InboxStore for StoredInbox {
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError> {
        self.try_record(batch).await.map_err(failed)
    }
}

async fn record(tx: &impl ConnectionTrait, message: Verified) -> Result<Outcome, StoreError> {
    let transport = (
        message.server().to_string(),
        message.transport_nonce().as_bytes().to_vec(),
    );
    let envelope = (
        message.message().from().to_string(),
        message.envelope_nonce().as_bytes().to_vec(),
    );
    let (digest, received) = (message.digest(), message.received());
    let seen = Seen {
        transport: transport_nonces::Entity::find_by_id(transport.clone())
            .one(tx)
            .await?
            .is_some(),
        envelope: match envelope_nonces::Entity::find_by_id(envelope.clone()).one(tx).await? {
            None => None,
            Some(row) => Some(read_digest(&row.digest)?),
        },
    };
    let receipt = match replay::decide(message, seen) {
        Decision::Refuse(refusal) => return Ok(Err(refusal)),
        Decision::Retry => Receipt::Retried,
        Decision::Accept(accepted) => {
            match relations::receive(tx, &accepted).await {
                Ok(()) => {}
                Err(EffectError::Refused(refusal)) => return Ok(Err(refusal)),
                Err(EffectError::Store(error)) => return Err(error),
            }
            let row = envelope_nonces::ActiveModel {
                sender: Set(envelope.0),
                nonce: Set(envelope.1),
                digest: Set(digest.as_bytes().to_vec()),
                received_at: Set(received.0),
            };
            envelope_nonces::Entity::insert(row).exec_without_returning(tx).await?;
            Receipt::Applied
        }
    };
    let row = transport_nonces::ActiveModel {
        server_id: Set(transport.0),
        nonce: Set(transport.1),
        received_at: Set(received.0),
    };
    transport_nonces::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(Ok(receipt))
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
