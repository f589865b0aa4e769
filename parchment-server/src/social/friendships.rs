//! Friends: listing, ending, and keeping up with their keys.

use futures_util::{StreamExt as _, stream};
use parchment_core::{
    api::friends::SyncResult, directory::Age, directory::Directory as _, envelope::Kind, handle::Handle,
    manifest::UserDocument,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, prelude::Uuid};

use super::{invitations, relations};
use crate::{
    app::App,
    federation::envelope::{self, ClientEnvelope},
    http::problem::Problem,
    identity::keys,
    store::{
        StoreError,
        entities::{friendships, users},
    },
};

/// How many friends' servers are asked at once.
const ASKED_AT_ONCE: usize = 16;

/// The friends of a user, oldest first.
pub async fn list(app: &App, user_id: Uuid) -> Result<Vec<friendships::Model>, StoreError> {
    let rows = friendships::Entity::find()
        .filter(friendships::Column::UserId.eq(user_id))
        .order_by_asc(friendships::Column::CreatedAt)
        .order_by_asc(friendships::Column::Id)
        .all(app.store.reader())
        .await?;
    Ok(rows)
}

/// Ends a friendship; says whether the friend was told.
///
/// # Errors
///
/// 404 when there is nothing between the two here and no signed message to send either.
pub async fn end(
    app: &App,
    user: &users::Model,
    friend: &Handle,
    envelope: &ClientEnvelope<'_>,
) -> Result<bool, Problem> {
    let own = app.handle_of(user).map(|handle| handle.to_string());
    let ended = app
        .store
        .write(async |tx| {
            if let (true, Some(own)) = (friend.is_on(app.settings.server_id()), &own) {
                relations::end_local(tx, friend, own).await?;
            }
            relations::end(tx, user.id, friend.as_str()).await
        })
        .await?;
    let no_such_friend = || Problem::not_found("You have no such friend.");
    if friend.is_on(app.settings.server_id()) {
        return ended.then_some(true).ok_or_else(no_such_friend);
    }
    match envelope::check(app, user, Kind::RelationshipRevoke, friend, envelope) {
        Ok(message) => Ok(invitations::is_delivered(app, friend, &message).await),
        Err(_) if ended => Ok(false),
        Err(_) => Err(no_such_friend()),
    }
}

/// The current document of anybody, here or elsewhere.
pub async fn resolve(app: &App, handle: &Handle, age: Age) -> Result<UserDocument, Problem> {
    if handle.is_on(app.settings.server_id()) {
        let user = relations::local_user(app.store.reader(), handle).await?;
        let document = user.and_then(|user| keys::document(&user, app.settings.server_id()));
        return document.ok_or_else(envelope::unknown_handle);
    }
    app.peers.user(handle, age).await.map_err(envelope::resolve_problem)
}

/// Asks every friend's server for current keys and profile.
///
/// A changed signing key is reported and not taken over: whoever holds the friend's server could
/// otherwise put himself in the friend's place.
pub async fn sync_keys(app: &App, user_id: Uuid) -> Result<Vec<SyncResult>, StoreError> {
    let friends = list(app, user_id).await?;
    let results = stream::iter(friends)
        .map(|friend| sync_one(app, friend))
        .buffered(ASKED_AT_ONCE)
        .collect()
        .await;
    Ok(results)
}

async fn sync_one(app: &App, friend: friendships::Model) -> SyncResult {
    let handle = friend.friend_handle.clone();
    let (updated, error) = match try_sync(app, friend).await {
        Ok(updated) => (updated, None),
        Err(problem) => (false, Some(problem.code().to_owned())),
    };
    SyncResult { handle, updated, error }
}

async fn try_sync(app: &App, friend: friendships::Model) -> Result<bool, Problem> {
    let handle = Handle::parse(&friend.friend_handle).map_err(Problem::internal)?;
    let current = resolve(app, &handle, Age::Renewed).await?;
    if current.signing_key.as_bytes().as_slice() != friend.friend_signing_key {
        let message = "The friend's signing key changed; meet anew.";
        return Err(Problem::conflict("signing_key_changed", message));
    }
    let encryption_key = current.encryption_key.map(|key| key.as_bytes().to_vec());
    let same = encryption_key == friend.friend_encryption_key
        && current.name == friend.friend_name
        && current.picture == friend.friend_picture;
    if same {
        return Ok(false);
    }
    let updated = app
        .store
        .write(async |tx| {
            // Only while the friendship is the one that was looked up.
            friendships::Entity::update_many()
                .col_expr(friendships::Column::FriendEncryptionKey, encryption_key.into())
                .col_expr(friendships::Column::FriendName, current.name.into())
                .col_expr(friendships::Column::FriendPicture, current.picture.into())
                .filter(friendships::Column::Id.eq(friend.id))
                .exec(tx)
                .await
                .map_err(StoreError::from)
        })
        .await?;
    Ok(updated.rows_affected == 1)
}
