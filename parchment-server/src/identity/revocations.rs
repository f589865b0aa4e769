//! Telling the peers of a reset identity: the queue and its flush.
//!
//! The server never speaks in the user's name: each revocation is signed by her own new key, and
//! goes out exactly as she signed it.

use std::collections::HashMap;

use futures_util::future::join_all;
use parchment_core::{
    api::identity::{FlushItem, FlushResult},
    envelope::Kind,
    handle::Handle,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, prelude::Uuid};

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

/// Sends signed revocations; one result per item, in the order given.
///
/// Items for different servers go out side by side, so that a slow server holds up nobody but
/// itself; items for one server go one after the other. Delivered entries leave the queue.
pub async fn flush(app: &App, user: &users::Model, items: Vec<FlushItem>) -> Result<Vec<FlushResult>, StoreError> {
    let queued: Vec<String> = pending(&app.store, user.id)
        .await?
        .into_iter()
        .map(|row| row.peer_handle)
        .collect();
    let mut results: Vec<FlushResult> = Vec::with_capacity(items.len());
    let mut lanes: HashMap<String, Vec<(usize, Handle, FlushItem)>> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let peer = Handle::parse(&item.peer_handle)
            .ok()
            .filter(|_| queued.contains(&item.peer_handle));
        let error = peer.is_none().then(|| "not_queued".to_owned());
        results.push(FlushResult {
            peer_handle: item.peer_handle.clone(),
            delivered: false,
            error,
        });
        if let Some(peer) = peer {
            lanes
                .entry(peer.server().to_string())
                .or_default()
                .push((index, peer, item));
        }
    }
    let lanes = lanes.into_values().map(|lane| async move {
        let mut sent = Vec::with_capacity(lane.len());
        for (index, peer, item) in lane {
            sent.push((index, send(app, user, &peer, &item).await));
        }
        sent
    });
    let mut delivered = Vec::new();
    for (index, outcome) in join_all(lanes).await.into_iter().flatten() {
        let Some(result) = results.get_mut(index) else { continue };
        match outcome {
            Ok(()) => {
                result.delivered = true;
                delivered.push(result.peer_handle.clone());
            }
            Err(code) => result.error = Some(code),
        }
    }
    if !delivered.is_empty() {
        drop_entries(&app.store, user.id, &delivered).await?;
    }
    Ok(results)
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
        Delivery::Delivered => Ok(()),
        Delivery::Refused { code } => Err(code),
        Delivery::Unknown => Err("delivery_unknown".to_owned()),
    }
}
