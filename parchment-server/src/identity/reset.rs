//! Starting over after losing every key.
//!
//! One transaction: everybody the user was connected with on other servers is queued to be told,
//! everything that only the lost keys could open or prove is deleted, and the keys are taken off.

use std::collections::BTreeSet;

use parchment_core::{
    handle::{Handle, ServerId},
    time::UnixMillis,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, prelude::Uuid,
};

use super::revocations;
use crate::{
    auth::sessions,
    http::problem::Problem,
    social::relations,
    store::{
        Store, StoreError,
        entities::{friendships, invitations, users},
    },
    vault::erasure,
};

/// Resets the identity of a user; `session` is the one that stays.
///
/// # Errors
///
/// 401 when that session has ended by now, such as by another reset.
pub async fn reset(
    store: &Store,
    server: &ServerId,
    user_id: Uuid,
    session: Uuid,
    now: UnixMillis,
) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, session).await?;
            Ok(reset_in(tx, server, user_id, session, now).await?)
        })
        .await
}

async fn reset_in(
    tx: &impl ConnectionTrait,
    server: &ServerId,
    user_id: Uuid,
    session: Uuid,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let user = users::Entity::find_by_id(user_id)
        .one(tx)
        .await?
        .ok_or(StoreError::Missing)?;
    let own = user.alias.as_ref().map(|alias| format!("{alias}@{server}"));
    for peer in peers(tx, user_id).await? {
        if own.as_deref() == Some(peer.as_str()) {
            continue;
        }
        match Handle::parse(&peer) {
            Ok(peer) if peer.is_on(server) => {
                if let Some(own) = &own {
                    relations::end_local(tx, &peer, own).await?;
                }
            }
            _ => revocations::queue(tx, user_id, &peer, now).await?,
        }
    }
    friendships::Entity::delete_many()
        .filter(friendships::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    invitations::Entity::delete_many()
        .filter(invitations::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    let mut user = users::ActiveModel::from(user);
    user.signing_key = Set(None);
    user.encryption_key = Set(None);
    user.km_version = Set(1);
    user.updated_at = Set(now.0);
    user.update(tx).await?;
    erasure::erase(tx, user_id, now).await?;
    sessions::end_others(tx, user_id, session).await
}

/// Everybody the user is connected with, each once.
async fn peers(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<BTreeSet<String>, StoreError> {
    let friends: Vec<String> = friendships::Entity::find()
        .select_only()
        .column(friendships::Column::FriendHandle)
        .filter(friendships::Column::UserId.eq(user_id))
        .into_tuple()
        .all(tx)
        .await?;
    let invited: Vec<String> = invitations::Entity::find()
        .select_only()
        .column(invitations::Column::PeerHandle)
        .filter(invitations::Column::UserId.eq(user_id))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(friends.into_iter().chain(invited).collect())
}
