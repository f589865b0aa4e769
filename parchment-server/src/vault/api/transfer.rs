//! The HTTP face of device transfers.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        device_transfer::{TransferPayload, TransferRequest, TransferStarted, TransferUpload},
        identity::Success,
    },
    encoding::encode,
};
use poem::web::Data;
use poem_openapi::{OpenApi, param::Path, payload::Json};
use sea_orm::prelude::Uuid;

use crate::{
    app::App,
    auth::caller::Caller,
    config::Switch,
    http::{
        answer::{Fails, refusals},
        body::Body,
        problem::Problem,
        tag::Tag,
    },
    vault::transfer::{self, Payload},
};

refusals! {
    BeginRefusals + body {
        401: "No live session: `signed_out`.",
        422: "Not the base64 of 32 bytes: `invalid_key`. Wrong shape: `invalid_body`.",
        429: "Three within the hour already; see Retry-After: `too_many_requests`.",
    }
    UploadRefusals + body {
        401: "No live session: `signed_out`.",
        403: "The transfer of another user: `not_yours`.",
        404: "There is no such transfer: `not_found`.",
        409: "Something was uploaded already: `already_uploaded`.",
        410: "The transfer is over: `transfer_over`.",
        413: "The envelope has more than 4 KiB: `record_too_large`. The body is too long: `body_too_large`.",
        422: "No key, envelope or signature: `invalid_key`, `invalid_envelope`, `invalid_signature`. Wrong shape: `invalid_body`.",
    }
    FetchRefusals {
        401: "No live session: `signed_out`.",
        403: "The transfer of another user: `not_yours`.",
        404: "There is no such transfer: `not_found`.",
        410: "It was fetched or cancelled, or the time is over: `transfer_over`.",
        425: "Nothing was uploaded yet: `not_uploaded`.",
    }
    CancelRefusals {
        401: "No live session: `signed_out`.",
        403: "The transfer of another user: `not_yours`.",
        404: "There is no such transfer: `not_found`.",
    }
}

/// Relaying a sealed seed between two devices of one user.
#[derive(Debug)]
pub struct TransferApi;

#[OpenApi(prefix_path = "/device-transfer")]
impl TransferApi {
    /// Begin a transfer
    ///
    /// By the new device, which then shows the id and its one-time key as a QR code. A transfer lasts 60 seconds; a user
    /// begins at most three an hour.
    #[oai(path = "/", method = "post", tag = "Tag::Vault", operation_id = "beginTransfer")]
    async fn begin(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<TransferRequest>,
    ) -> Result<Json<TransferStarted>, Fails<BeginRefusals>> {
        let receiver = transfer::read_key(&body.0.receiver_ephemeral_pub, "receiverEphemeralPub")?;
        let limited = app.settings.rate_limits == Switch::On;
        let row = transfer::begin(&app.store, &caller, &receiver, limited, app.now()).await?;
        Ok(Json(TransferStarted {
            session_id: row.id.to_string(),
            expires_at: Time::from_millis(row.expires_at),
        }))
    }

    /// Upload the sealed seed
    ///
    /// Leaves the sealed seed for the new device to fetch; the old device does so, once. The server looks at its shape alone.
    #[oai(
        path = "/:id/upload",
        method = "post",
        tag = "Tag::Vault",
        operation_id = "uploadTransfer"
    )]
    async fn upload(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the transfer.
        id: Path<String>,
        body: Body<TransferUpload>,
    ) -> Result<Json<Success>, Fails<UploadRefusals>> {
        let (id, payload) = (id_of(&id)?, Payload::read(&body.0)?);
        transfer::upload(&app.store, &caller, id, payload, app.now()).await?;
        Ok(Json(Success::YES))
    }

    /// Fetch the sealed seed
    ///
    /// By the new device: 425 until the old one has uploaded, then the payload once, then 410.
    #[oai(path = "/:id", method = "get", tag = "Tag::Vault", operation_id = "fetchTransfer")]
    async fn fetch(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the transfer.
        id: Path<String>,
    ) -> Result<Json<TransferPayload>, Fails<FetchRefusals>> {
        let fetched = transfer::fetch(&app.store, &caller, id_of(&id)?, app.now()).await?;
        Ok(Json(TransferPayload {
            sender_ephemeral_pub: encode(&fetched.sender_key),
            sealed_seed: encode(&fetched.sealed_seed),
            sender_signature: encode(&fetched.signature),
        }))
    }

    /// Cancel a transfer
    ///
    /// By either device; what was uploaded is gone.
    #[oai(
        path = "/:id",
        method = "delete",
        tag = "Tag::Vault",
        operation_id = "cancelTransfer"
    )]
    async fn cancel(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the transfer.
        id: Path<String>,
    ) -> Result<Json<Success>, Fails<CancelRefusals>> {
        transfer::cancel(&app.store, &caller, id_of(&id)?, app.now()).await?;
        Ok(Json(Success::YES))
    }
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    text.parse()
        .map_err(|_| Problem::not_found("There is no such transfer."))
}
