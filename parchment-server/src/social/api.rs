//! The HTTP face of friends and invitations.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        friends::{
            Direction, Ended, EnvelopeRequest, Friend, FriendStatus, Friends, Invitation, InvitationStatus,
            Invitations, InviteRequest, InviteResponse, RevokeRequest, SyncResponse,
        },
        identity::Success,
        well_known::UserDocumentBody,
    },
    directory::Age,
    encoding::encode,
    handle::Handle,
};
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};
use sea_orm::prelude::Uuid;

use super::{friendships, invitations};
use crate::{
    app::App,
    auth::caller::Caller,
    federation::envelope::ClientEnvelope,
    http::{
        answer::{Fails, SignedOut, refusals},
        body::{Body, OptionalBody},
        problem::Problem,
        tag::Tag,
    },
    store::entities::{friendships as friendship_rows, invitations as invitation_rows, users},
};

refusals! {
    ListRefusals {
        401: "No live session: `signed_out`.",
        422: "A parameter does not fit: `invalid_body`.",
    }
    InviteRefusals + body {
        400: "The caller herself: `self`. Not a handle: `invalid_handle`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        404: "Nobody has this handle: `unknown_handle`.",
        409: "`already_friends`, `already_invited`, `too_many_invitations`, `no_invitation`, `revocation_pending`, `identity_changed`, or the \
              caller has no alias or signing key: `no_identity`.",
        422: "Nonce or timestamp missing towards another server: `envelope_required`. Unusable: `malformed_nonce`, \
              `malformed_signature`, `invalid_timestamp`, `invalid_signature`, `envelope_expired`. Wrong shape: `invalid_body`.",
        429: "Too many look-ups; see Retry-After: `too_many_requests`.",
        502: "The other server: `peer_unreachable`, `peer_refused`, `delivery_unknown` (inviting again sends again).",
    }
    AnswerRefusals + body {
        401: "No live session: `signed_out`.",
        404: "No such invitation of the caller: `not_found`. The one who invited is not known at her server: `unknown_handle`.",
        409: "`already_friends`, `no_invitation`, `revocation_pending`, `identity_changed`, or somebody has no alias or \
              signing key: `no_identity`.",
        422: "Nonce or timestamp missing towards another server: `envelope_required`. Unusable: `malformed_nonce`, \
              `malformed_signature`, `invalid_timestamp`, `invalid_signature`, `envelope_expired`. Wrong shape: `invalid_body`.",
        429: "Too many look-ups; see Retry-After: `too_many_requests`.",
        502: "The other server: `peer_unreachable`, `peer_refused`, `delivery_unknown` (accepting again sends again).",
    }
    EndRefusals + body {
        400: "Not JSON: `malformed_json`. Broken off: `bad_request`. Not a handle: `invalid_handle`.",
        401: "No live session: `signed_out`.",
        404: "Nothing to end: `not_found`.",
        422: "A parameter or member does not fit: `invalid_body`.",
        429: "Too many look-ups; see Retry-After: `too_many_requests`.",
    }
    SyncRefusals {
        401: "No live session: `signed_out`.",
        429: "Too many look-ups; see Retry-After: `too_many_requests`.",
    }
    ResolveRefusals {
        400: "Not a handle: `invalid_handle`.",
        401: "No live session: `signed_out`.",
        404: "Nobody has this handle: `unknown_handle`. Its server cannot be asked, or answers what cannot be believed: \
              `peer_unreachable`, `peer_refused`.",
        429: "Too many look-ups; see Retry-After: `too_many_requests`.",
    }
}

/// Friends and invitations.
#[derive(Debug)]
pub struct SocialApi;

#[OpenApi(prefix_path = "/friends")]
impl SocialApi {
    /// List friends
    ///
    /// All friends of the caller, oldest first.
    #[oai(path = "/", method = "get", tag = "Tag::Friends", operation_id = "listFriends")]
    async fn list(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Friends>, Fails<SignedOut>> {
        let rows = friendships::list(&app, caller.user.id).await?;
        Ok(Json(Friends {
            friends: rows.into_iter().map(to_friend).collect(),
        }))
    }

    /// List invitations
    ///
    /// The caller's open invitations, oldest first.
    #[oai(
        path = "/invitations",
        method = "get",
        tag = "Tag::Friends",
        operation_id = "listInvitations"
    )]
    async fn invitations(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// Only those that the caller received, or only those that she sent.
        direction: Query<Option<Direction>>,
    ) -> Result<Json<Invitations>, Fails<ListRefusals>> {
        let direction = direction.0.map(|direction| match direction {
            Direction::Incoming => invitation_rows::Direction::Incoming,
            Direction::Outgoing => invitation_rows::Direction::Outgoing,
        });
        let rows = invitations::list(&app, caller.user.id, direction).await?;
        let own = own_handle(&app, &caller.user);
        Ok(Json(Invitations {
            invitations: rows.into_iter().map(|row| to_invitation(row, &own)).collect(),
        }))
    }

    /// Invite somebody
    ///
    /// Writes the invitation and tells the other server by the caller's own signed FRIEND_INVITE, sent unchanged.
    #[oai(path = "/invite", method = "post", tag = "Tag::Friends", operation_id = "invite")]
    async fn invite(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<InviteRequest>,
    ) -> Result<Json<InviteResponse>, Fails<InviteRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        let to = parse_handle(&body.0.handle)?;
        let envelope = ClientEnvelope {
            signature: &body.0.signature,
            nonce: body.0.nonce.as_deref(),
            timestamp: body.0.timestamp.as_deref(),
        };
        let row = invitations::invite(&app, &caller.user, &to, &envelope).await?;
        Ok(Json(InviteResponse {
            invitation: to_invitation(row, &own_handle(&app, &caller.user)),
        }))
    }

    /// Accept an invitation
    ///
    /// Makes the friendship and tells the other server by the caller's own signed FRIEND_ACCEPT, sent unchanged. While
    /// no answer came the friendship is `accepting`.
    #[oai(
        path = "/invitations/:id/accept",
        method = "post",
        tag = "Tag::Friends",
        operation_id = "acceptInvitation"
    )]
    async fn accept(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the invitation, from the list.
        id: Path<String>,
        body: Body<EnvelopeRequest>,
    ) -> Result<Json<Success>, Fails<AnswerRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        invitations::accept(&app, &caller.user, parse_id(&id)?, &envelope_of(&body.0)).await?;
        Ok(Json(Success::YES))
    }

    /// Reject an invitation
    ///
    /// Deletes the invitation here, whatever the other server says, and tells it when the caller signed FRIEND_REJECT.
    /// Where the caller had accepted it and no answer came, the other side is queued to be told by a revocation instead.
    #[oai(
        path = "/invitations/:id/reject",
        method = "post",
        tag = "Tag::Friends",
        operation_id = "rejectInvitation"
    )]
    async fn reject(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the invitation, from the list.
        id: Path<String>,
        body: OptionalBody<EnvelopeRequest>,
    ) -> Result<Json<Ended>, Fails<EndRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        let body = body.0.unwrap_or_default();
        let delivered = invitations::reject(&app, &caller.user, parse_id(&id)?, &envelope_of(&body)).await?;
        Ok(Json(Ended::here(delivered)))
    }

    /// Take back an invitation
    ///
    /// Deletes the invitation here, whatever the other server says, and tells it when the caller signed
    /// RELATIONSHIP_REVOKE: in the query or in the body.
    #[oai(
        path = "/invitations/:id",
        method = "delete",
        tag = "Tag::Friends",
        operation_id = "cancelInvitation"
    )]
    #[allow(clippy::too_many_arguments)]
    async fn cancel(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the invitation, from the list.
        id: Path<String>,
        /// Base64 of the signature.
        revoke_signature: Query<Option<String>>,
        /// The nonce that was signed.
        revoke_nonce: Query<Option<String>>,
        /// The timestamp that was signed.
        revoke_timestamp: Query<Option<String>>,
        body: OptionalBody<RevokeRequest>,
    ) -> Result<Json<Ended>, Fails<EndRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        let revoke = revoke_of(body, revoke_signature, revoke_nonce, revoke_timestamp);
        let delivered = invitations::cancel(&app, &caller.user, parse_id(&id)?, &revoke_envelope(&revoke)).await?;
        Ok(Json(Ended::here(delivered)))
    }

    /// End a friendship
    ///
    /// Deletes the friendship and open invitations of the pair here, whatever the other server says, and tells it when
    /// the caller signed RELATIONSHIP_REVOKE: in the query or in the body.
    #[oai(
        path = "/:handle",
        method = "delete",
        tag = "Tag::Friends",
        operation_id = "endFriendship"
    )]
    #[allow(clippy::too_many_arguments)]
    async fn end(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The friend, percent-encoded.
        handle: Path<String>,
        /// Base64 of the signature.
        revoke_signature: Query<Option<String>>,
        /// The nonce that was signed.
        revoke_nonce: Query<Option<String>>,
        /// The timestamp that was signed.
        revoke_timestamp: Query<Option<String>>,
        body: OptionalBody<RevokeRequest>,
    ) -> Result<Json<Ended>, Fails<EndRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        let friend = parse_handle(&handle)?;
        let revoke = revoke_of(body, revoke_signature, revoke_nonce, revoke_timestamp);
        let delivered = friendships::end(&app, &caller.user, &friend, &revoke_envelope(&revoke)).await?;
        Ok(Json(Ended::here(delivered)))
    }

    /// Look somebody up
    ///
    /// The document of a user of any server, as her server publishes it.
    #[oai(
        path = "/resolve/:handle",
        method = "get",
        tag = "Tag::Friends",
        operation_id = "resolveHandle"
    )]
    async fn resolve(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The handle, percent-encoded.
        handle: Path<String>,
    ) -> Result<Json<UserDocumentBody>, Fails<ResolveRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        let handle = parse_handle(&handle)?;
        // A handle is anybody's text: that it leads nowhere is no failure of this server, whatever is missing there.
        let document = friendships::resolve(&app, &handle, Age::Cached).await;
        let document = document.map_err(|problem| match problem.status() {
            StatusCode::BAD_GATEWAY => problem.with_status(StatusCode::NOT_FOUND),
            _ => problem,
        })?;
        Ok(Json(UserDocumentBody::new(
            &document,
            &app.peers.origin_of(&handle.server(), &app.settings),
        )))
    }

    /// Catch up with friends' keys
    ///
    /// Asks every friend's server for current keys and profile. A changed signing key is reported as
    /// `signing_key_changed` and not taken over.
    #[oai(
        path = "/sync-keys",
        method = "post",
        tag = "Tag::Friends",
        operation_id = "syncKeys"
    )]
    async fn sync_keys(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<SyncResponse>, Fails<SyncRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        Ok(Json(SyncResponse {
            results: friendships::sync_keys(&app, caller.user.id).await?,
        }))
    }
}

fn parse_handle(text: &str) -> Result<Handle, Problem> {
    Handle::parse(text)
        .map_err(|error| Problem::bad_request("invalid_handle", format!("This is not a handle: {error}.")))
}

fn parse_id(text: &str) -> Result<Uuid, Problem> {
    text.parse()
        .map_err(|_| Problem::not_found("You have no such invitation."))
}

fn envelope_of(body: &EnvelopeRequest) -> ClientEnvelope<'_> {
    ClientEnvelope {
        signature: body.signature.as_deref().unwrap_or_default(),
        nonce: body.nonce.as_deref(),
        timestamp: body.timestamp.as_deref(),
    }
}

/// The three in the body, or the three in the query.
fn revoke_of(
    body: OptionalBody<RevokeRequest>,
    signature: Query<Option<String>>,
    nonce: Query<Option<String>>,
    timestamp: Query<Option<String>>,
) -> RevokeRequest {
    let body = body.0.unwrap_or_default();
    RevokeRequest {
        revoke_signature: body.revoke_signature.or(signature.0),
        revoke_nonce: body.revoke_nonce.or(nonce.0),
        revoke_timestamp: body.revoke_timestamp.or(timestamp.0),
    }
}

fn revoke_envelope(revoke: &RevokeRequest) -> ClientEnvelope<'_> {
    ClientEnvelope {
        signature: revoke.revoke_signature.as_deref().unwrap_or_default(),
        nonce: revoke.revoke_nonce.as_deref(),
        timestamp: revoke.revoke_timestamp.as_deref(),
    }
}

fn own_handle(app: &App, user: &users::Model) -> String {
    // Whoever has no alias has no invitations either.
    app.handle_of(user).map(|handle| handle.to_string()).unwrap_or_default()
}

fn to_invitation(row: invitation_rows::Model, own: &str) -> Invitation {
    let (direction, from_handle, to_handle) = match row.direction {
        invitation_rows::Direction::Incoming => (Direction::Incoming, row.peer_handle, own.to_owned()),
        invitation_rows::Direction::Outgoing => (Direction::Outgoing, own.to_owned(), row.peer_handle),
    };
    Invitation {
        id: row.id.to_string(),
        from_handle,
        to_handle,
        direction,
        status: match row.status {
            invitation_rows::Status::Pending => InvitationStatus::Pending,
            invitation_rows::Status::Sending => InvitationStatus::Sending,
        },
        created_at: Time::from_millis(row.created_at),
    }
}

fn to_friend(row: friendship_rows::Model) -> Friend {
    Friend {
        id: row.id.to_string(),
        friend_handle: row.friend_handle,
        friend_signing_key: encode(&row.friend_signing_key),
        friend_encryption_key: row.friend_encryption_key.as_deref().map(encode),
        friend_name: row.friend_name,
        friend_picture: row.friend_picture,
        status: match row.status {
            friendship_rows::Status::Accepted => FriendStatus::Accepted,
            friendship_rows::Status::Accepting => FriendStatus::Accepting,
        },
        established_at: row.established_at.map(Time::from_millis),
        created_at: Time::from_millis(row.created_at),
    }
}
