//! The rules on rows: invitations and friendships between a local user and anybody.
//!
//! Every function works inside the caller's transaction and on one side only: the rows of one
//! local user. Where both people live here, both sides are changed in the same transaction.

use parchment_core::{
    envelope::Content,
    handle::Handle,
    inbox::Accepted,
    manifest::UserDocument,
    refusal::{Code, Refusal},
    time::UnixMillis,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, prelude::Uuid, sea_query::OnConflict,
};

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

/// How many open invitations somebody can have received; strangers make them.
const MAX_INCOMING: u64 = 1000;

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

/// Gives a message from another server its effect on the recipient's rows.
///
/// # Errors
///
/// A refusal changes nothing.
pub async fn receive(tx: &impl ConnectionTrait, message: &Accepted) -> Result<(), EffectError> {
    let (from, to, now) = (message.message().from(), message.message().to(), message.received());
    let recipient = local_user(tx, to).await?;
    match message.message().content() {
        Content::RelationshipRevoke => {
            // Nothing to remove is success: whoever revokes need not know what is left here.
            if let Some(recipient) = recipient {
                end(tx, recipient.id, from.as_str()).await?;
            }
            Ok(())
        }
        Content::FriendInvite => receive_invitation(tx, require(recipient)?.id, from, now).await,
        Content::FriendAccept => receive_acceptance(tx, require(recipient)?.id, message.sender(), now).await,
        Content::FriendReject => {
            // Even while her account is switched off: otherwise the two sides would disagree once it is on again.
            let recipient = recipient.ok_or_else(unknown_recipient)?;
            withdraw(tx, recipient.id, from.as_str(), Direction::Outgoing).await?;
            Ok(())
        }
        other => {
            let detail = format!("{} is not supported by this server.", other.kind());
            Err(Refusal::new(Code::UnsupportedMessageType, detail).by_rule(19).into())
        }
    }
}

/// Somebody whose account is switched off is nobody to those who want something of her.
fn require(recipient: Option<users::Model>) -> Result<users::Model, Refusal> {
    recipient
        .filter(|user| user.disabled_at.is_none())
        .ok_or_else(unknown_recipient)
}

fn unknown_recipient() -> Refusal {
    Refusal::new(Code::UnknownRecipient, "There is no such recipient here.")
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
    if friendship(tx, user_id, from.as_str())
        .await?
        .is_some_and(|row| row.status == friendships::Status::Accepted)
    {
        return Err(Refusal::new(Code::AlreadyFriends, "The two are friends already.").into());
    }
    let open = invitations::Entity::find()
        .filter(invitations::Column::UserId.eq(user_id))
        .filter(invitations::Column::Direction.eq(Direction::Incoming))
        .count(tx)
        .await?;
    if open >= MAX_INCOMING
        && invitation(tx, user_id, from.as_str(), Direction::Incoming)
            .await?
            .is_none()
    {
        let detail = "The recipient has too many open invitations.";
        return Err(Refusal::new(Code::TooManyInvitations, detail).into());
    }
    if !insert_invitation(tx, user_id, from.as_str(), Direction::Incoming, Status::Pending, now).await? {
        return Err(Refusal::new(
            Code::AlreadyInvited,
            "There is an open invitation for this pair already.",
        )
        .into());
    }
    Ok(())
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
    let handle = friend.handle.as_str();
    let standing = friendship(tx, user_id, handle).await?;
    if standing
        .as_ref()
        .is_some_and(|row| row.status == friendships::Status::Accepted)
    {
        return Ok(());
    }
    if invitation(tx, user_id, handle, Direction::Outgoing).await?.is_none() {
        return Err(Refusal::new(Code::NoInvitation, "There is no open invitation for this pair.").into());
    }
    befriend(tx, user_id, friend, standing, friendships::Status::Accepted, now).await?;
    Ok(())
}

/// Makes or completes a friendship on one side; open invitations of the pair end when it is complete.
///
/// `known` is the friendship of the pair as [`friendship`] finds it in this very transaction.
pub async fn befriend(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    friend: &UserDocument,
    known: Option<friendships::Model>,
    status: friendships::Status,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let handle = friend.handle.as_str();
    let complete = status == friendships::Status::Accepted;
    let is_new = known.is_none();
    let mut row = known.map_or_else(
        || friendships::ActiveModel {
            id: Set(random::id()),
            user_id: Set(user_id),
            friend_handle: Set(handle.to_owned()),
            created_at: Set(now.0),
            ..Default::default()
        },
        friendships::ActiveModel::from,
    );
    row.friend_signing_key = Set(friend.signing_key.as_bytes().to_vec());
    row.friend_encryption_key = Set(friend.encryption_key.map(|key| key.as_bytes().to_vec()));
    row.friend_name = Set(friend.name.clone());
    row.friend_picture = Set(friend.picture.clone());
    row.status = Set(status);
    row.established_at = Set(complete.then_some(now.0));
    if is_new {
        row.insert(tx).await?;
    } else {
        row.update(tx).await?;
    }
    if complete {
        for direction in [Direction::Incoming, Direction::Outgoing] {
            withdraw(tx, user_id, handle, direction).await?;
        }
    }
    Ok(())
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
