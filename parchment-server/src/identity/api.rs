//! The HTTP face of identity.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        identity::{
            AliasRequest, AliasResponse, FlushRequest, FlushResponse, Identity, KeysRequest, PendingRevocation,
            PendingRevocations, ResetRequest, Success,
        },
    },
    encoding::encode,
    handle::Alias,
    keys::{AgreementKey, KeyError, VerifyingKey},
};
use poem::web::Data;
use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::{alias, keys, reset, revocations};
use crate::{
    app::App,
    auth::caller::Caller,
    http::{
        answer::{Fails, SignedOut, refusals},
        body::Body,
        problem::Problem,
        tag::Tag,
    },
};

refusals! {
    AliasRefusals + body {
        400: "Not 3 to 30 letters, digits or underscores: `invalid_alias`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        409: "It is or was somebody else's: `alias_taken`. Others know the caller by the one she has: `alias_in_use`. She has used too many: `too_many_aliases`.",
    }
    BodyRefusals + body {
        401: "No live session: `signed_out`.",
    }
    FlushRefusals + body {
        401: "No live session: `signed_out`.",
        429: "Too many look-ups; see Retry-After: `too_many_requests`.",
    }
    KeysRefusals + body {
        401: "No live session: `signed_out`.",
        422: "Not a key, not canonical or of small order: `invalid_key`. Wrong shape: `invalid_body`.",
    }
    DropRefusals {
        401: "No live session: `signed_out`.",
        404: "Nothing is pending for this handle: `not_found`.",
    }
}

/// What the caller is to other servers.
#[derive(Debug)]
pub struct IdentityApi;

#[OpenApi(prefix_path = "/users/me")]
impl IdentityApi {
    /// Own identity
    ///
    /// The caller's handle and public keys as other servers see them.
    #[oai(
        path = "/identity",
        method = "get",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "getIdentity"
    )]
    async fn identity(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Identity>, Fails<SignedOut>> {
        let user = caller.user;
        let handle = app.handle_of(&user);
        Ok(Json(Identity {
            handle: handle.map(|handle| handle.to_string()),
            signing_key: user.signing_key.as_deref().map(encode),
            encryption_key: user.encryption_key.as_deref().map(encode),
            domain: app.settings.server_id().to_string(),
        }))
    }

    /// Set the alias
    ///
    /// Takes an alias, which with this server's name makes the caller's handle. It is unique without regard to case,
    /// and an alias once used stays reserved to its user. It can change only while nobody knows the caller by it.
    #[oai(
        path = "/alias",
        method = "patch",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "setAlias"
    )]
    async fn set_alias(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<AliasRequest>,
    ) -> Result<Json<AliasResponse>, Fails<AliasRefusals>> {
        let alias = Alias::parse(&body.0.alias)
            .map_err(|error| Problem::bad_request("invalid_alias", format!("This cannot be an alias: {error}.")))?;
        alias::set(&app.store, &caller, &alias, app.now()).await?;
        let handle = app.handle(&alias).to_string();
        Ok(Json(AliasResponse {
            alias: alias.as_str().to_owned(),
            handle,
        }))
    }

    /// Register public keys
    ///
    /// Replaces the public halves of the caller's signing and encryption keys. From then on other servers verify her
    /// messages with the new one.
    #[oai(
        path = "/keys",
        method = "put",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "setKeys"
    )]
    async fn set_keys(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<KeysRequest>,
    ) -> Result<Json<Success>, Fails<KeysRefusals>> {
        let unusable = |name: &'static str| {
            move |error: KeyError| Problem::unprocessable("invalid_key", format!("The {name} is unusable: {error}."))
        };
        let signing = VerifyingKey::from_base64(&body.0.signing_key).map_err(unusable("signingKey"))?;
        let encryption = AgreementKey::from_base64(&body.0.encryption_key).map_err(unusable("encryptionKey"))?;
        keys::set(&app.store, &caller, &signing, &encryption, app.now()).await?;
        Ok(Json(Success::YES))
    }

    /// Reset the identity
    ///
    /// For somebody who lost every key. In one step: every friend and open invitation on another server is queued to
    /// be told, friendships and invitations are deleted on this server (on both sides where both live here), and so is
    /// everything that she kept sealed; the public keys are removed, the version of the master key is 1 again, all other
    /// sessions end, the secrets of her devices change, and open transfers between devices are over. Alias, passkeys,
    /// roles, preferences and this session stay.
    #[oai(
        path = "/identity/reset",
        method = "post",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "resetIdentity"
    )]
    async fn reset(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        #[allow(unused_variables)] body: Body<ResetRequest>,
    ) -> Result<Json<Success>, Fails<BodyRefusals>> {
        reset::reset(
            &app.store,
            app.settings.server_id(),
            caller.user.id,
            caller.session.id,
            app.now(),
        )
        .await?;
        Ok(Json(Success::YES))
    }

    /// Pending revocations
    ///
    /// Whom the caller has still to tell that her old identity is gone.
    #[oai(
        path = "/revocations/pending",
        method = "get",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "pendingRevocations"
    )]
    async fn pending(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
    ) -> Result<Json<PendingRevocations>, Fails<SignedOut>> {
        let rows = revocations::pending(&app.store, caller.user.id).await?;
        let revocations = rows.into_iter().map(|row| PendingRevocation {
            id: row.id.to_string(),
            peer_handle: row.peer_handle,
            created_at: Time::from_millis(row.created_at),
        });
        Ok(Json(PendingRevocations {
            revocations: revocations.collect(),
        }))
    }

    /// Send revocations
    ///
    /// Sends the caller's own signatures over RELATIONSHIP_REVOKE to the servers of queued handles, unchanged. Each
    /// item is checked against her current key first. Delivered entries leave the queue, the others stay.
    #[oai(
        path = "/revocations/flush",
        method = "post",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "flushRevocations"
    )]
    async fn flush(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<FlushRequest>,
    ) -> Result<Json<FlushResponse>, Fails<FlushRefusals>> {
        app.traffic.lookups.count(&caller.user.id.to_string())?;
        let results = revocations::flush(&app, &caller.user, body.0.items).await?;
        Ok(Json(FlushResponse { results }))
    }

    /// Give up a revocation
    ///
    /// Takes a handle off the queue without telling it, such as that of a server that is gone.
    #[oai(
        path = "/revocations/pending/:peerHandle",
        method = "delete",
        tag = "Tag::Users",
        tag = "Tag::Federation",
        operation_id = "dropRevocation"
    )]
    async fn drop_entry(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The handle, percent-encoded.
        #[oai(name = "peerHandle")]
        peer_handle: Path<String>,
    ) -> Result<Json<Success>, Fails<DropRefusals>> {
        if !revocations::drop_entry(&app.store, caller.user.id, &peer_handle, app.now().0).await? {
            return Err(Problem::not_found("Nothing is pending for this handle.").into());
        }
        Ok(Json(Success::YES))
    }
}
