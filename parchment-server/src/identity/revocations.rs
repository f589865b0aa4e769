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
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    prelude::Uuid, sea_query::OnConflict,
};
use tokio::sync::mpsc;

use crate::{
    app::App,
    federation::{
        envelope::{self, ClientEnvelope},
        outbox::Delivery,
    },
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
    };
    let again = OnConflict::columns([revocations::Column::UserId, revocations::Column::PeerHandle])
        .update_column(revocations::Column::CreatedAt)
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

/// Sends signed revocations; one result per item, in the order given.
///
/// Items that cannot be sent are refused before anything is. Items for different servers go out side by side, so that a
/// slow server holds up nobody but itself; items for one server go one after the other, and no further once it does not
/// answer. Each delivered entry leaves the queue at once. What is left after [`FLUSH_WITHIN`] is `delivery_unknown`.
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
    let all = join_all(lanes.into_values().map(|lane| send_lane(app, user, lane, &outcomes)));
    // Dropping the lanes ends what they still wait for.
    let _ = tokio::time::timeout(FLUSH_WITHIN, all).await;
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
    user: &users::Model,
    lane: Lane,
    outcomes: &mpsc::UnboundedSender<(usize, Result<(), String>)>,
) {
    let mut out_of_reach = false;
    for sending in lane {
        // What is not even tried has no effect there.
        let outcome = if out_of_reach {
            Err("peer_unreachable".to_owned())
        } else {
            send(app, user, &sending).await
        };
        out_of_reach = matches!(&outcome, Err(code) if code == "delivery_unknown" || code == "peer_unreachable");
        // Nobody listens any more when the time is up.
        let _ = outcomes.send((sending.index, outcome));
    }
}

async fn send(app: &App, user: &users::Model, sending: &Sending) -> Result<(), String> {
    match app.outbox.deliver(&sending.peer, &sending.message, app.now()).await {
        Delivery::Delivered => {
            // If this fails the entry stays, and telling the peer once more does no harm.
            let dropped = drop_entry(&app.store, user.id, sending.peer.as_str(), sending.queued_at).await;
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
