//! The rules on rows, for what local users do: invitations and friendships between one of them and anybody.
//!
//! What others may do to somebody here is in `between`. Every function works inside the caller's
//! transaction and on one side only: the rows of one local user. Where both people live here, both
//! sides are changed in the same transaction.

use parchment_core::{handle::Handle, manifest::UserDocument, refusal::Refusal, time::UnixMillis};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, prelude::Uuid,
    sea_query::OnConflict,
};

use super::between::Sides;
use crate::{
    identity::alias,
    random,
    store::{
        StoreError,
        entities::{
            friendships,
            invitations::{self, Direction, Status},
            users,
        },
    },
};

/// Why a message had no effect.
#[derive(Debug)]
pub enum EffectError {
    /// The rules say no.
    Refused(Refusal),
    /// The database failed.
    Store(StoreError),
}

impl From<Refusal> for EffectError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sea_orm::DbErr> for EffectError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<StoreError> for EffectError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The local user of a handle; its server part must have been compared before.
pub async fn local_user(db: &impl ConnectionTrait, handle: &Handle) -> Result<Option<users::Model>, StoreError> {
    alias::find(db, &handle.alias()).await
}

/// Somebody invites a local user.
pub async fn receive_invitation(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    from: &Handle,
    now: UnixMillis,
) -> Result<(), EffectError> {
    let mut sides = Sides::of_one(tx, user_id, from.as_str()).await?;
    sides.count_open(tx, [user_id]).await?;
    sides.invited(user_id, from, now)?;
    Ok(sides.save(tx).await?)
}

/// Somebody accepts a local user's invitation.
///
/// For a friendship that stands this has no effect and is no error, so that repeating always converges.
pub async fn receive_acceptance(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    friend: &UserDocument,
    now: UnixMillis,
) -> Result<(), EffectError> {
    let mut sides = Sides::of_one(tx, user_id, friend.handle.as_str()).await?;
    sides.accepted(user_id, friend, now)?;
    Ok(sides.save(tx).await?)
}

/// Makes or completes a friendship on one side; open invitations of the pair end when it is complete.
pub async fn befriend(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    friend: &UserDocument,
    status: friendships::Status,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let mut sides = Sides::of_one(tx, user_id, friend.handle.as_str()).await?;
    sides.befriend(user_id, friend, status, now);
    sides.save(tx).await
}

/// Ends everything between a local user and a peer, on the user's side; says whether there was anything.
pub async fn end(tx: &impl ConnectionTrait, user_id: Uuid, peer: &str) -> Result<bool, StoreError> {
    let mut removed = friendships::Entity::delete_many()
        .filter(friendships::Column::UserId.eq(user_id))
        .filter(friendships::Column::FriendHandle.eq(peer))
        .exec(tx)
        .await?
        .rows_affected;
    for direction in [Direction::Incoming, Direction::Outgoing] {
        removed += withdraw(tx, user_id, peer, direction).await?;
    }
    Ok(removed > 0)
}

/// Ends everything with `peer` on the side of the local user `whose`.
pub async fn end_local(tx: &impl ConnectionTrait, whose: &Handle, peer: &str) -> Result<(), StoreError> {
    if let Some(user) = local_user(tx, whose).await? {
        end(tx, user.id, peer).await?;
    }
    Ok(())
}

/// Makes an invitation row unless there is one; says whether it did.
pub async fn insert_invitation(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    peer: &str,
    direction: Direction,
    status: Status,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let row = invitations::ActiveModel {
        id: Set(random::id()),
        user_id: Set(user_id),
        peer_handle: Set(peer.to_owned()),
        direction: Set(direction),
        status: Set(status),
        created_at: Set(now.0),
    };
    let inserted = invitations::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Removes one direction of a pair's invitations; gives how many there were.
pub async fn withdraw(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    peer: &str,
    direction: Direction,
) -> Result<u64, StoreError> {
    let removed = invitations::Entity::delete_many()
        .filter(invitations::Column::UserId.eq(user_id))
        .filter(invitations::Column::PeerHandle.eq(peer))
        .filter(invitations::Column::Direction.eq(direction))
        .exec(tx)
        .await?;
    Ok(removed.rows_affected)
}

/// The open invitation of a pair in one direction.
pub async fn invitation(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    peer: &str,
    direction: Direction,
) -> Result<Option<invitations::Model>, StoreError> {
    Ok(invitations::Entity::find()
        .filter(invitations::Column::UserId.eq(user_id))
        .filter(invitations::Column::PeerHandle.eq(peer))
        .filter(invitations::Column::Direction.eq(direction))
        .one(db)
        .await?)
}

/// The friendship of a pair, standing or being made.
pub async fn friendship(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    friend: &str,
) -> Result<Option<friendships::Model>, StoreError> {
    Ok(friendships::Entity::find()
        .filter(friendships::Column::UserId.eq(user_id))
        .filter(friendships::Column::FriendHandle.eq(friend))
        .one(db)
        .await?)
}
