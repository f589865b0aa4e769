//! Telling the peers of a reset identity: the queue and its flush.
//!
//! The server never speaks in the user's name: each revocation is signed by her own new key, and
//! goes out exactly as she signed it.

use std::{collections::HashMap, time::Duration};

use futures_util::future::join_all;
use parchment_core::{
    api::identity::{FlushItem, FlushResult},
    envelope::{Kind, SignedMessage},
    handle::{Handle, ServerId},
    time::UnixMillis,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    prelude::Uuid,
    sea_query::{ExprTrait as _, OnConflict},
};
use tokio::sync::mpsc;

use crate::{
    app::App,
    federation::{
        envelope::{self, ClientEnvelope},
        outbox::Delivery,
    },
    http::problem::Problem,
    random,
    store::{
        Store, StoreError,
        entities::{revocations, users},
    },
};

/// Whom a user has still to tell, oldest first.
pub async fn pending(store: &Store, user_id: Uuid) -> Result<Vec<revocations::Model>, StoreError> {
    let rows = revocations::Entity::find()
        .filter(revocations::Column::UserId.eq(user_id))
        .order_by_asc(revocations::Column::CreatedAt)
        .order_by_asc(revocations::Column::PeerHandle)
        .all(store.reader())
        .await?;
    Ok(rows)
}

/// Queues a handle to be told; one that waits already counts as queued now.
pub async fn queue(tx: &impl ConnectionTrait, user_id: Uuid, peer: &str, now: UnixMillis) -> Result<(), StoreError> {
    let row = revocations::ActiveModel {
        id: Set(random::id()),
        user_id: Set(user_id),
        peer_handle: Set(peer.to_owned()),
        created_at: Set(now.0),
        claimed_until: Set(None),
    };
    let again = OnConflict::columns([revocations::Column::UserId, revocations::Column::PeerHandle])
        .update_columns([revocations::Column::CreatedAt, revocations::Column::ClaimedUntil])
        .to_owned();
    revocations::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Takes an entry off the queue, unless it was queued anew after `until`; says whether there was one.
pub async fn drop_entry(store: &Store, user_id: Uuid, peer: &str, until: i64) -> Result<bool, StoreError> {
    store
        .write(async |tx| {
            let dropped = revocations::Entity::delete_many()
                .filter(revocations::Column::UserId.eq(user_id))
                .filter(revocations::Column::PeerHandle.eq(peer))
                .filter(revocations::Column::CreatedAt.lte(until))
                .exec(tx)
                .await?;
            Ok(dropped.rows_affected == 1)
        })
        .await
}

/// How long a flush takes at most: 30 seconds.
pub const FLUSH_WITHIN: Duration = Duration::from_secs(30);

/// How long an entry is one flush's to send, in milliseconds, should its process end before it gives it back.
const CLAIMED_FOR_MS: i64 = 40_000;

/// A flush, which claims each entry before it sends it: a second one, in whichever process, does not send it as well.
struct Claims<'a> {
    store: &'a Store,
    user_id: Uuid,
    since: UnixMillis,
}

impl Claims<'_> {
    fn until(&self) -> i64 {
        self.since.0 + CLAIMED_FOR_MS
    }

    /// Says whether the entry is there as it was found, and nobody else's.
    async fn take(&self, sending: &Sending) -> Result<bool, StoreError> {
        use revocations::Column;
        self.store
            .write(async |tx| {
                let free = Column::ClaimedUntil
                    .is_null()
                    .or(Column::ClaimedUntil.lte(self.since.0));
                let claimed = revocations::Entity::update_many()
                    .col_expr(Column::ClaimedUntil, Some(self.until()).into())
                    .filter(Column::UserId.eq(self.user_id))
                    .filter(Column::PeerHandle.eq(sending.peer.as_str()))
                    .filter(Column::CreatedAt.eq(sending.queued_at))
                    .filter(free)
                    .exec(tx)
                    .await?;
                Ok(claimed.rows_affected == 1)
            })
            .await
    }

    /// Gives back what was claimed and not delivered; who asks next can send it.
    async fn give_back(&self) -> Result<(), StoreError> {
        use revocations::Column;
        self.store
            .write(async |tx| {
                revocations::Entity::update_many()
                    .col_expr(Column::ClaimedUntil, None::<i64>.into())
                    .filter(Column::UserId.eq(self.user_id))
                    .filter(Column::ClaimedUntil.eq(self.until()))
                    .exec(tx)
                    .await?;
                Ok(())
            })
            .await
    }
}

/// Sends signed revocations; one result per item, in the order given.
///
/// Items that cannot be sent are refused before anything is. Items for different servers go out side by side, so that a
/// slow server holds up nobody but itself; items for one server go one after the other, and no further once it does not
/// answer. Each delivered entry leaves the queue at once. What is left after [`FLUSH_WITHIN`] is `delivery_unknown`, and
/// what another flush is just sending is `in_progress`.
pub async fn flush(app: &App, user: &users::Model, items: Vec<FlushItem>) -> Result<Vec<FlushResult>, StoreError> {
    let queued = pending(&app.store, user.id).await?;
    let mut queued: HashMap<String, i64> = queued
        .into_iter()
        .map(|row| (row.peer_handle, row.created_at))
        .collect();
    let mut results: Vec<FlushResult> = Vec::with_capacity(items.len());
    let mut lanes: HashMap<ServerId, Lane> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let error = match check(app, user, &item) {
            Ok((peer, message)) => match queued.remove(&item.peer_handle) {
                Some(queued_at) => {
                    lanes.entry(peer.server()).or_default().push(Sending {
                        index,
                        peer,
                        message,
                        queued_at,
                    });
                    "delivery_unknown"
                }
                // Not queued, or named twice.
                None => "not_queued",
            },
            Err(_) if !queued.contains_key(&item.peer_handle) => "not_queued",
            Err(code) => code,
        };
        results.push(FlushResult {
            peer_handle: item.peer_handle,
            delivered: false,
            error: Some(error.to_owned()),
        });
    }
    let (outcomes, mut told) = mpsc::unbounded_channel();
    let any = !lanes.is_empty();
    let claims = Claims {
        store: &app.store,
        user_id: user.id,
        since: app.now(),
    };
    let all = join_all(lanes.into_values().map(|lane| send_lane(app, &claims, lane, &outcomes)));
    // Dropping the lanes ends what they still wait for.
    let _ = tokio::time::timeout(FLUSH_WITHIN, all).await;
    if any && let Err(error) = claims.give_back().await {
        tracing::warn!(%error, "revocations that were not delivered wait for half a minute");
    }
    told.close();
    while let Some((index, outcome)) = told.recv().await {
        if let Some(result) = results.get_mut(index) {
            result.delivered = outcome.is_ok();
            result.error = outcome.err();
        }
    }
    Ok(results)
}

/// A checked item on its way.
struct Sending {
    index: usize,
    peer: Handle,
    message: SignedMessage,
    queued_at: i64,
}

/// The items for one server.
type Lane = Vec<Sending>;

fn check(app: &App, user: &users::Model, item: &FlushItem) -> Result<(Handle, SignedMessage), &'static str> {
    let peer = Handle::parse(&item.peer_handle).map_err(|_| "invalid_handle")?;
    if item.message_version.is_some_and(|version| version != 1.0) {
        return Err("invalid_message_version");
    }
    let envelope = ClientEnvelope {
        signature: &item.signature,
        nonce: Some(&item.nonce),
        timestamp: Some(&item.timestamp),
    };
    let message = envelope::check(app, user, Kind::RelationshipRevoke, &peer, &envelope);
    message.map(|message| (peer, message)).map_err(|problem| problem.code())
}

async fn send_lane(
    app: &App,
    claims: &Claims<'_>,
    lane: Lane,
    outcomes: &mpsc::UnboundedSender<(usize, Result<(), String>)>,
) {
    let mut out_of_reach = false;
    for sending in lane {
        // What is not even tried has no effect there.
        let outcome = if out_of_reach {
            Err("peer_unreachable".to_owned())
        } else {
            send(app, claims, &sending).await
        };
        out_of_reach = matches!(&outcome, Err(code) if code == "delivery_unknown" || code == "peer_unreachable");
        // Nobody listens any more when the time is up.
        let _ = outcomes.send((sending.index, outcome));
    }
}

async fn send(app: &App, claims: &Claims<'_>, sending: &Sending) -> Result<(), String> {
    match claims.take(sending).await {
        Ok(true) => {}
        Ok(false) => return Err("in_progress".to_owned()),
        Err(error) => return Err(Problem::from(error).code().to_owned()),
    }
    match app.outbox.deliver(&sending.peer, &sending.message, app.now()).await {
        Delivery::Delivered => {
            // If this fails the entry stays, and telling the peer once more does no harm.
            let dropped = drop_entry(claims.store, claims.user_id, sending.peer.as_str(), sending.queued_at).await;
            if let Err(error) = dropped {
                tracing::warn!(%error, "a delivered revocation stays in the queue");
            }
            Ok(())
        }
        Delivery::Refused { code } => Err(code),
        Delivery::NotSent(refusal) => Err(envelope::resolve_problem(refusal).code().to_owned()),
        Delivery::Unknown => Err("delivery_unknown".to_owned()),
    }
}
