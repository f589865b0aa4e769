//! Telling the peers of a reset identity: the queue and its flush.
//!
//! The server never speaks in the user's name: each revocation is signed by her own new key, and
//! goes out exactly as she signed it.

use std::{collections::HashMap, time::Duration};

use futures_util::future::join_all;
use parchment_core::{
    api::identity::{FlushItem, FlushResult},
    envelope::Kind,
    handle::{Handle, ServerId},
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, prelude::Uuid};
use tokio::sync::mpsc;

use crate::{
    app::App,
    federation::{
        envelope::{self, ClientEnvelope},
        outbox::Delivery,
    },
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

/// Takes entries off the queue; gives how many there were.
pub async fn drop_entries(store: &Store, user_id: Uuid, peers: &[String]) -> Result<u64, StoreError> {
    store
        .write(async |tx| {
            let dropped = revocations::Entity::delete_many()
                .filter(revocations::Column::UserId.eq(user_id))
                .filter(revocations::Column::PeerHandle.is_in(peers))
                .exec(tx)
                .await?;
            Ok(dropped.rows_affected)
        })
        .await
}

/// How long a flush takes at most: 30 seconds.
pub const FLUSH_WITHIN: Duration = Duration::from_secs(30);

/// Sends signed revocations; one result per item, in the order given.
///
/// Items for different servers go out side by side, so that a slow server holds up nobody but
/// itself; items for one server go one after the other, and no further once it does not answer.
/// Each delivered entry leaves the queue at once. What is left after [`FLUSH_WITHIN`] is
/// `delivery_unknown`.
pub async fn flush(app: &App, user: &users::Model, items: Vec<FlushItem>) -> Result<Vec<FlushResult>, StoreError> {
    let queued: Vec<String> = pending(&app.store, user.id)
        .await?
        .into_iter()
        .map(|row| row.peer_handle)
        .collect();
    let mut results: Vec<FlushResult> = Vec::with_capacity(items.len());
    let mut lanes: HashMap<ServerId, Lane> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let peer = Handle::parse(&item.peer_handle)
            .ok()
            .filter(|_| queued.contains(&item.peer_handle));
        let error = if peer.is_some() {
            "delivery_unknown"
        } else {
            "not_queued"
        };
        results.push(FlushResult {
            peer_handle: item.peer_handle.clone(),
            delivered: false,
            error: Some(error.to_owned()),
        });
        if let Some(peer) = peer {
            lanes.entry(peer.server()).or_default().push((index, peer, item));
        }
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

/// The items for one server.
type Lane = Vec<(usize, Handle, FlushItem)>;

async fn send_lane(
    app: &App,
    user: &users::Model,
    lane: Lane,
    outcomes: &mpsc::UnboundedSender<(usize, Result<(), String>)>,
) {
    let mut out_of_reach: Option<String> = None;
    for (index, peer, item) in lane {
        let outcome = match &out_of_reach {
            Some(code) => Err(code.clone()),
            None => send(app, user, &peer, &item).await,
        };
        if let Err(code) = &outcome
            && matches!(code.as_str(), "delivery_unknown" | "peer_unreachable")
        {
            out_of_reach = Some(code.clone());
        }
        // Nobody listens any more when the time is up.
        let _ = outcomes.send((index, outcome));
    }
}

async fn send(app: &App, user: &users::Model, peer: &Handle, item: &FlushItem) -> Result<(), String> {
    if item.message_version.is_some_and(|version| version != 1.0) {
        return Err("invalid_message_version".to_owned());
    }
    let envelope = ClientEnvelope {
        signature: &item.signature,
        nonce: Some(&item.nonce),
        timestamp: Some(&item.timestamp),
    };
    let message = envelope::check(app, user, Kind::RelationshipRevoke, peer, &envelope)
        .map_err(|problem| problem.code().to_owned())?;
    match app.outbox.deliver(peer, &message, app.now()).await {
        Delivery::Delivered => {
            // If this fails the entry stays, and telling the peer once more does no harm.
            if let Err(error) = drop_entries(&app.store, user.id, &[peer.to_string()]).await {
                tracing::warn!(%error, "a delivered revocation stays in the queue");
            }
            Ok(())
        }
        Delivery::Refused { code } => Err(code),
        Delivery::NotSent(refusal) => Err(envelope::resolve_problem(refusal).code().to_owned()),
        Delivery::Unknown => Err("delivery_unknown".to_owned()),
    }
}
