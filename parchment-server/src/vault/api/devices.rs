//! The HTTP face of devices' secrets.

use std::sync::Arc;

use parchment_core::{
    api::devices::{SecretsRotated, WrapSecret},
    encoding::encode,
};
use poem::web::Data;
use poem_openapi::{OpenApi, param::Path, payload::Json};

use crate::{
    app::App,
    auth::caller::Caller,
    http::{
        answer::{Fails, refusals},
        tag::Tag,
    },
    vault::device_secrets,
};

refusals! {
    SecretRefusals {
        401: "No live session: `signed_out`.",
        409: "There are secrets for too many devices: `too_many_devices`.",
        422: "Not 8 to 64 letters, digits and hyphens: `invalid_device_id`.",
        429: "Too many asks; see Retry-After: `too_many_requests`.",
    }
    RotateRefusals {
        401: "No live session: `signed_out`.",
        429: "Too many changes; see Retry-After: `too_many_requests`.",
    }
}

/// What the seeds in the caller's browsers are wrapped with.
#[derive(Debug)]
pub struct DevicesApi;

#[OpenApi(prefix_path = "/users/me")]
impl DevicesApi {
    /// Secret of a device
    ///
    /// The secret that a device of the caller wraps her seed with: made on the first ask and the same ever after, until
    /// it is changed.
    #[oai(
        path = "/devices/:deviceId/wrap-secret",
        method = "get",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "getWrapSecret"
    )]
    async fn secret(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// What the device calls itself: 8 to 64 letters, digits and hyphens.
        #[oai(name = "deviceId")]
        device_id: Path<String>,
    ) -> Result<Json<WrapSecret>, Fails<SecretRefusals>> {
        device_secrets::check_device(&device_id)?;
        app.traffic.wrap_secrets.count(&caller.user.id.to_string())?;
        let secret = device_secrets::get(&app.store, &app.secrets, &caller, &device_id, app.now()).await?;
        Ok(Json(WrapSecret {
            secret: encode(&*secret),
        }))
    }

    /// Change all secrets
    ///
    /// Changes the secrets of all the caller's devices: what they wrapped cannot be opened any more.
    #[oai(
        path = "/device-wrap-secrets/rotate",
        method = "post",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "rotateWrapSecrets"
    )]
    async fn rotate(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
    ) -> Result<Json<SecretsRotated>, Fails<RotateRefusals>> {
        app.traffic.wrap_secret_rotations.count(&caller.user.id.to_string())?;
        device_secrets::rotate_all_of(&app.store, &caller).await?;
        Ok(Json(SecretsRotated { ok: true }))
    }
}
