//! Inviting, answering and taking back.
//!
//! Towards another server the row is written before the message is sent, so that nothing that
//! the other side may already know is ever forgotten here: an invitation is `sending` and an
//! acceptance `accepting` until an answer says otherwise, and doing it again sends again.

use parchment_core::{
    directory::{Age, Directory as _},
    envelope::{Kind, SignedMessage},
    handle::Handle,
    manifest::UserDocument,
    refusal::Code,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, prelude::Expr,
    prelude::Uuid,
};

use super::relations::{self, EffectError};
use crate::{
    app::App,
    federation::{
        envelope::{self, ClientEnvelope},
        outbox::Delivery,
    },
    http::problem::Problem,
    identity::{keys, revocations::queue},
    store::{
        StoreError,
        entities::{
            friendships,
            invitations::{self, Direction, Status},
            revocations, users,
        },
    },
};

/// The open invitations of a user, oldest first.
pub async fn list(
    app: &App,
    user_id: Uuid,
    direction: Option<Direction>,
) -> Result<Vec<invitations::Model>, StoreError> {
    let mut query = invitations::Entity::find().filter(invitations::Column::UserId.eq(user_id));
    if let Some(direction) = direction {
        query = query.filter(invitations::Column::Direction.eq(direction));
    }
    let query = query
        .order_by_asc(invitations::Column::CreatedAt)
        .order_by_asc(invitations::Column::Id);
    Ok(query.all(app.store.reader()).await?)
}

/// Invites somebody.
pub async fn invite(
    app: &App,
    user: &users::Model,
    to: &Handle,
    envelope: &ClientEnvelope<'_>,
) -> Result<invitations::Model, Problem> {
    let own = envelope::own_document(app, user)?;
    if *to == own.handle {
        return Err(Problem::bad_request("self", "You cannot invite yourself."));
    }
    if to.is_on(app.settings.server_id()) {
        envelope::check_local(app, user, Kind::FriendInvite, to, envelope)?;
        return invite_local(app, user, &own, to).await;
    }
    let message = envelope::check(app, user, Kind::FriendInvite, to, envelope)?;
    check_new(app.store.reader(), user.id, to).await?;
    app.peers
        .user(to, Age::Cached)
        .await
        .map_err(envelope::resolve_problem)?;
    let now = app.now();
    let (invitation, is_new) = app
        .store
        .write(async |tx| {
            keys::check_unchanged(tx, user).await?;
            check_new(tx, user.id, to).await?;
            let (peer, direction) = (to.as_str(), Direction::Outgoing);
            let is_new = relations::insert_invitation(tx, user.id, peer, direction, Status::Sending, now).await?;
            let row = relations::invitation(tx, user.id, peer, direction).await?;
            row.map(|row| (row, is_new))
                .ok_or_else(|| Problem::from(StoreError::Missing))
        })
        .await?;
    send_invitation(app, invitation, is_new, to, &message).await
}

/// Refuses a second friendship or invitation of a pair; one that is still `sending` may be sent again.
async fn check_new(db: &impl ConnectionTrait, user_id: Uuid, to: &Handle) -> Result<(), Problem> {
    check_not_revoking(db, user_id, to).await?;
    if relations::friendship(db, user_id, to.as_str()).await?.is_some() {
        return Err(Problem::conflict(
            "already_friends",
            "You are friends already, or about to be.",
        ));
    }
    let invitation = relations::invitation(db, user_id, to.as_str(), Direction::Outgoing).await?;
    if invitation.is_some_and(|invitation| invitation.status == Status::Pending) {
        return Err(Problem::conflict(
            "already_invited",
            "Your invitation waits for an answer.",
        ));
    }
    Ok(())
}

/// Refuses something new with a peer who has still to be told that the old is gone: the two would cross.
async fn check_not_revoking(db: &impl ConnectionTrait, user_id: Uuid, peer: &Handle) -> Result<(), Problem> {
    let pending = revocations::Entity::find()
        .filter(revocations::Column::UserId.eq(user_id))
        .filter(revocations::Column::PeerHandle.eq(peer.as_str()))
        .one(db)
        .await?;
    if pending.is_some() {
        let message = "The other side has still to be told of your reset; send the pending revocation first.";
        return Err(Problem::conflict("revocation_pending", message));
    }
    Ok(())
}

async fn send_invitation(
    app: &App,
    invitation: invitations::Model,
    is_new: bool,
    to: &Handle,
    message: &SignedMessage,
) -> Result<invitations::Model, Problem> {
    let delivery = app.outbox.deliver(to, message, app.now()).await;
    // An earlier attempt arrived and its answer got lost.
    let arrived_before = matches!(&delivery, Delivery::Refused { code } if code == Code::AlreadyInvited.as_str());
    if delivery == Delivery::Delivered || arrived_before {
        let peer = to.as_str();
        app.store
            .write(async |tx| {
                let updated = invitations::Entity::update_many()
                    .col_expr(invitations::Column::Status, Expr::value("pending"))
                    .filter(invitations::Column::Id.eq(invitation.id))
                    .exec(tx)
                    .await?;
                // The answer may have come meanwhile and made a friendship of the row.
                if updated.rows_affected == 1 || relations::friendship(tx, invitation.user_id, peer).await?.is_some() {
                    return Ok(());
                }
                Err(Problem::conflict(
                    "no_invitation",
                    "The invitation ended in the meantime.",
                ))
            })
            .await?;
        return Ok(invitations::Model {
            status: Status::Pending,
            ..invitation
        });
    }
    // What an earlier attempt may have achieved is not undone by a later one that failed.
    if is_new && delivery != Delivery::Unknown {
        app.store
            .write(async |tx| {
                invitations::Entity::delete_many()
                    .filter(invitations::Column::Id.eq(invitation.id))
                    .filter(invitations::Column::Status.eq(Status::Sending))
                    .exec(tx)
                    .await
                    .map_err(StoreError::from)
            })
            .await?;
    }
    Err(undelivered(delivery))
}

async fn invite_local(
    app: &App,
    user: &users::Model,
    own: &UserDocument,
    to: &Handle,
) -> Result<invitations::Model, Problem> {
    let now = app.now();
    app.store
        .write(async |tx| {
            keys::check_unchanged(tx, user).await?;
            let invited = relations::local_user(tx, to)
                .await?
                .filter(|user| keys::signing_key(user).is_some());
            let invited = invited.ok_or_else(envelope::unknown_handle)?;
            check_new(tx, user.id, to).await?;
            relations::receive_invitation(tx, invited.id, &own.handle, now)
                .await
                .map_err(local_problem)?;
            relations::insert_invitation(tx, user.id, to.as_str(), Direction::Outgoing, Status::Pending, now).await?;
            let row = relations::invitation(tx, user.id, to.as_str(), Direction::Outgoing).await?;
            row.ok_or_else(|| Problem::from(StoreError::Missing))
        })
        .await
}

/// What a rule says about two users of this server: the same code, and 409 because the caller can look it up.
fn local_problem(error: EffectError) -> Problem {
    match error {
        EffectError::Refused(refusal) => Problem::conflict(refusal.code().as_str(), refusal.detail().to_owned()),
        EffectError::Store(error) => error.into(),
    }
}

/// An invitation of the user's that went this way.
async fn invitation(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    id: Uuid,
    direction: Direction,
) -> Result<invitations::Model, Problem> {
    let row = invitations::Entity::find_by_id(id)
        .filter(invitations::Column::UserId.eq(user_id))
        .filter(invitations::Column::Direction.eq(direction))
        .one(db)
        .await?;
    row.ok_or_else(no_such_invitation)
}

fn no_such_invitation() -> Problem {
    Problem::not_found("You have no such invitation.")
}

fn peer_of(invitation: &invitations::Model) -> Result<Handle, Problem> {
    Handle::parse(&invitation.peer_handle).map_err(Problem::internal)
}

/// Accepts an invitation.
pub async fn accept(app: &App, user: &users::Model, id: Uuid, envelope: &ClientEnvelope<'_>) -> Result<(), Problem> {
    let own = envelope::own_document(app, user)?;
    let peer = peer_of(&invitation(app.store.reader(), user.id, id, Direction::Incoming).await?)?;
    if peer.is_on(app.settings.server_id()) {
        envelope::check_local(app, user, Kind::FriendAccept, &peer, envelope)?;
        return accept_local(app, user, id, &own, &peer).await;
    }
    let message = envelope::check(app, user, Kind::FriendAccept, &peer, envelope)?;
    let friend = app
        .peers
        .user(&peer, Age::Cached)
        .await
        .map_err(envelope::resolve_problem)?;
    let now = app.now();
    let is_new = app
        .store
        .write(async |tx| {
            keys::check_unchanged(tx, user).await?;
            invitation(tx, user.id, id, Direction::Incoming).await?;
            check_not_revoking(tx, user.id, &peer).await?;
            let known = relations::friendship(tx, user.id, peer.as_str()).await?;
            if known
                .as_ref()
                .is_some_and(|row| row.status == friendships::Status::Accepted)
            {
                return Err(Problem::conflict("already_friends", "You are friends already."));
            }
            let is_new = known.is_none();
            relations::befriend(tx, user.id, &friend, friendships::Status::Accepting, now).await?;
            Ok(is_new)
        })
        .await?;
    let delivery = app.outbox.deliver(&peer, &message, app.now()).await;
    if delivery == Delivery::Delivered {
        app.store
            .write(async |tx| {
                // Nothing is made anew when it was ended in the meantime.
                let known = relations::friendship(tx, user.id, peer.as_str()).await?;
                if known.is_none() {
                    return Err(Problem::conflict(
                        "no_invitation",
                        "The friendship ended in the meantime.",
                    ));
                }
                Ok(relations::befriend(tx, user.id, &friend, friendships::Status::Accepted, now).await?)
            })
            .await?;
        return Ok(());
    }
    // The other side has neither invitation nor friendship, whatever earlier attempts did.
    let is_gone = matches!(&delivery, Delivery::Refused { code } if code == Code::NoInvitation.as_str());
    if is_gone || is_new && delivery != Delivery::Unknown {
        app.store
            .write(async |tx| {
                friendships::Entity::delete_many()
                    .filter(friendships::Column::UserId.eq(user.id))
                    .filter(friendships::Column::FriendHandle.eq(peer.as_str()))
                    .filter(friendships::Column::Status.eq(friendships::Status::Accepting))
                    .exec(tx)
                    .await?;
                if is_gone {
                    relations::withdraw(tx, user.id, peer.as_str(), Direction::Incoming).await?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Err(undelivered(delivery))
}

async fn accept_local(
    app: &App,
    user: &users::Model,
    id: Uuid,
    own: &UserDocument,
    peer: &Handle,
) -> Result<(), Problem> {
    let now = app.now();
    app.store
        .write(async |tx| {
            keys::check_unchanged(tx, user).await?;
            invitation(tx, user.id, id, Direction::Incoming).await?;
            let inviter = relations::local_user(tx, peer).await?.ok_or_else(no_such_invitation)?;
            let inviter_document = keys::document(&inviter, app.settings.server_id()).ok_or_else(|| {
                Problem::conflict(
                    "no_identity",
                    "The one who invited you has no signing key at the moment.",
                )
            })?;
            relations::receive_acceptance(tx, inviter.id, own, now)
                .await
                .map_err(local_problem)?;
            relations::befriend(tx, user.id, &inviter_document, friendships::Status::Accepted, now).await?;
            Ok(())
        })
        .await
}

/// Rejects an invitation; says whether the one who invited was told.
///
/// Where the caller had accepted it and no answer came, the other side may be a friend already, which a rejection does
/// not undo there: it is queued to be told by a revocation.
pub async fn reject(app: &App, user: &users::Model, id: Uuid, envelope: &ClientEnvelope<'_>) -> Result<bool, Problem> {
    let invitation = invitation(app.store.reader(), user.id, id, Direction::Incoming).await?;
    let peer = peer_of(&invitation)?;
    Ok(match end_one(app, user, &invitation, &peer).await? {
        Before::Open => tell(app, user, Kind::FriendReject, &peer, envelope).await,
        Before::Accepting => false,
    })
}

/// Takes back an invitation; says whether the one who was invited was told.
pub async fn cancel(app: &App, user: &users::Model, id: Uuid, envelope: &ClientEnvelope<'_>) -> Result<bool, Problem> {
    let invitation = invitation(app.store.reader(), user.id, id, Direction::Outgoing).await?;
    let peer = peer_of(&invitation)?;
    end_one(app, user, &invitation, &peer).await?;
    Ok(tell(app, user, Kind::RelationshipRevoke, &peer, envelope).await)
}

/// What an invitation was before it ended.
enum Before {
    Open,
    /// Accepted here, and the other side may know.
    Accepting,
}

/// Ends an invitation here, on both sides where both people live here.
///
/// # Errors
///
/// 404 when it is gone by now: it was answered or taken back a moment ago, and nobody is told anything else.
async fn end_one(
    app: &App,
    user: &users::Model,
    invitation: &invitations::Model,
    peer: &Handle,
) -> Result<Before, Problem> {
    let now = app.now();
    let own = app.handle_of(user).map(|handle| handle.to_string());
    app.store
        .write(async |tx| {
            let ended = invitations::Entity::delete_by_id(invitation.id).exec(tx).await?;
            if ended.rows_affected != 1 {
                return Err(no_such_invitation());
            }
            let mut before = Before::Open;
            if invitation.direction == Direction::Incoming
                && relations::friendship(tx, user.id, peer.as_str()).await?.is_some()
            {
                relations::end(tx, user.id, peer.as_str()).await?;
                queue(tx, user.id, peer.as_str(), now).await?;
                before = Before::Accepting;
            }
            if let (true, Some(own)) = (peer.is_on(app.settings.server_id()), &own)
                && let Some(other) = relations::local_user(tx, peer).await?
            {
                let theirs = match invitation.direction {
                    Direction::Incoming => Direction::Outgoing,
                    Direction::Outgoing => Direction::Incoming,
                };
                relations::withdraw(tx, other.id, own, theirs).await?;
            }
            Ok(before)
        })
        .await
}

/// Tells somebody of an end that has already taken effect here; says whether she knows now.
async fn tell(app: &App, user: &users::Model, kind: Kind, peer: &Handle, envelope: &ClientEnvelope<'_>) -> bool {
    if peer.is_on(app.settings.server_id()) {
        return true;
    }
    match envelope::check(app, user, kind, peer, envelope) {
        Ok(message) => is_delivered(app, peer, &message).await,
        Err(_) => false,
    }
}

/// Sends a message once; says whether it certainly arrived.
pub(super) async fn is_delivered(app: &App, peer: &Handle, message: &SignedMessage) -> bool {
    app.outbox.deliver(peer, message, app.now()).await == Delivery::Delivered
}

/// What the caller is told of a message that was not delivered.
fn undelivered(delivery: Delivery) -> Problem {
    match delivery {
        Delivery::Refused { code } => {
            Problem::bad_gateway("peer_refused", format!("The other server refused the message: {code}."))
        }
        Delivery::NotSent(refusal) => envelope::resolve_problem(refusal),
        Delivery::Unknown | Delivery::Delivered => {
            let message =
                "The other server did not answer; it may or may not know. Do the same again to send it again.";
            Problem::bad_gateway("delivery_unknown", message)
        }
    }
}
