//! The HTTP face of rotation.

use std::{sync::Arc, time::Duration};

use parchment_core::api::rotation::{KmVersion, RotationRequest};
use poem::web::Data;
use poem_openapi::{OpenApi, payload::Json};

use crate::{
    app::App,
    auth::caller::Caller,
    http::{
        answer::{Fails, SignedOut, refusals},
        body::{Body, Limit},
        tag::Tag,
    },
    vault::rotation::{self, Plan},
};

refusals! {
    CommitRefusals + body {
        400: "No type of a blob: `invalid_blob_type`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session, such as after another rotation: `signed_out`.",
        409: "Another rotation or a reset came first: `rotation_conflict`.",
        413: "An envelope is too long: `record_too_large`. The caller would keep too much: `vault_full`. The body is too long: `body_too_large`.",
        422: "Something stored is neither carried nor dropped, and `missing` lists it: `rotation_incomplete`. No envelope: `invalid_envelope`. A collection or point that the caller does not have: `unknown_collection`, `unknown_point`. A passkey that is not hers: `foreign_credential`. A slot that the new identity did not sign: `invalid_slot`. Not a key, not canonical or of small order: `invalid_key`. Wrong shape, something named twice, or both carried and dropped: `invalid_body`.",
    }
}

/// As much as is set, within five minutes.
#[derive(Debug)]
pub struct RotationLimit;

impl Limit for RotationLimit {
    const WITHIN: Duration = Duration::from_secs(300);

    fn bytes(app: &App) -> usize {
        usize::try_from(app.settings.rotation_limit).unwrap_or(usize::MAX)
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
        body: Body<RotationRequest, RotationLimit>,
    ) -> Result<Json<KmVersion>, Fails<CommitRefusals>> {
        let plan = Plan::read(body.0, caller.user.id)?;
        let quota = app.settings.vault_quota;
        let km_version = rotation::commit(&app.store, quota, &caller, plan, app.now()).await?;
        Ok(Json(KmVersion { km_version }))
    }
}
