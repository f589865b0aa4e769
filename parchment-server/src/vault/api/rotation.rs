//! The HTTP face of rotation.

use std::{sync::Arc, time::Duration};

use parchment_core::api::rotation::{KmVersion, RotationRequest};
use parchment_core::refusal::{Code, Refusal};
use poem::{Request, web::Data};
use poem_openapi::{OpenApi, param::Header, payload::Json};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    app::App,
    auth::caller::{self, Caller},
    federation::fairness::Share,
    http::{
        answer::{Fails, SignedOut, refusals},
        body::{Body, Limit},
        condition::Condition,
        problem::Problem,
        tag::Tag,
    },
    vault::rotation::{self, Plan},
};

refusals! {
    CommitRefusals + body {
        400: "No type of a blob: `invalid_blob_type`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session, such as after another rotation: `signed_out`.",
        409: "Another rotation or a reset came first: `rotation_conflict`.",
        412: "Something was written since what If-Match names was read: `precondition_failed`.",
        429: "Too many commits of this user; see Retry-After: `too_many_requests`.",
        413: "An envelope is too long: `record_too_large`. The caller would keep too much: `vault_full`. The body is too long: `body_too_large`.",
        422: "Something stored is neither carried nor dropped, and the body lists what is missing: `rotation_incomplete`. No envelope: `invalid_envelope`. A collection or point that the caller does not have: `unknown_collection`, `unknown_point`. A passkey that is not hers: `foreign_credential`. A slot that the new identity did not sign: `invalid_slot`. Not a key, not canonical or of small order: `invalid_key`. Wrong shape, something named twice, or both carried and dropped: `invalid_body`.",
    }
}

/// As much as is set, within two minutes; one at a time for a session, and a few at a time for a server.
#[derive(Debug)]
pub struct RotationLimit;

impl Limit for RotationLimit {
    const WITHIN: Duration = Duration::from_secs(120);

    const SHAPE_DECIDES: bool = true;

    type Held = (Share, OwnedSemaphorePermit);

    fn bytes(app: &App) -> usize {
        usize::try_from(app.settings.rotation_limit).unwrap_or(usize::MAX)
    }

    async fn admit(app: &App, request: &Request) -> Result<Self::Held, Problem> {
        // So long a body is a lot of memory: a session cannot have it many times over.
        let session = caller::presented_token(request).ok_or_else(Problem::signed_out)?;
        let share = app.rotations.take(session).await?;
        let place = app.rotation_places.clone().try_acquire_owned();
        let place =
            place.map_err(|_| Problem::from(Refusal::new(Code::Busy, "Others rotate now; try again in a moment.")))?;
        Ok((share, place))
    }
}

/// The caller's master key, of which this server knows the version alone.
#[derive(Debug)]
pub struct RotationApi;

#[OpenApi(prefix_path = "/users/me/km-version")]
impl RotationApi {
    /// Version of the master key
    ///
    /// The version that everything the caller keeps is sealed under; 1 until the first rotation.
    #[oai(
        path = "/",
        method = "get",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "getKmVersion"
    )]
    async fn version(&self, caller: Caller) -> Result<Json<KmVersion>, Fails<SignedOut>> {
        Ok(Json(KmVersion {
            km_version: caller.user.km_version,
        }))
    }

    /// Rotate the master key
    ///
    /// Puts new public keys, and everything the caller keeps sealed anew, in the place of the old, in one step that
    /// happens wholly or not at all. Of any number of commits from one version one takes effect. A commit carries every
    /// stored blob, metadata of a collection and point, or names it in `drop`, which deletes it; slots that it does not
    /// carry are removed, since they wrap a dead key. Every other session of the caller ends, the secrets of all her
    /// devices change, and open transfers between devices are over. Gives the version after that.
    #[oai(
        path = "/commit",
        method = "post",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "commitRotation"
    )]
    async fn commit(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The tag of everything the caller keeps, which her client makes from what it has read (see docs/api.md): when
        /// anything was written since, the commit is refused instead of losing that.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Body<RotationRequest, RotationLimit>,
    ) -> Result<Json<KmVersion>, Fails<CommitRefusals>> {
        app.traffic.rotations.count(&caller.user.id.to_string())?;
        let user_id = caller.user.id;
        let request = rotation::of_current(body.0, &caller)?;
        // Checking signatures and envelopes takes a while when there are many.
        let plan = tokio::task::spawn_blocking(move || Plan::read(request, user_id)).await;
        let plan = plan.map_err(Problem::internal)??;
        let quota = app.settings.vault_quota;
        let condition = Condition {
            if_match: if_match.0,
            ..Condition::default()
        };
        let km_version = rotation::commit(&app.store, quota, &caller, plan, &condition, app.now()).await?;
        Ok(Json(KmVersion { km_version }))
    }
}
