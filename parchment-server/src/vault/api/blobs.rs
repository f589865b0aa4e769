//! The HTTP face of personal blobs.

use std::{sync::Arc, time::Duration};

use parchment_core::{
    api::{
        Time,
        blobs::{Blob, BlobEntry, BlobList, BlobRequest},
        identity::Success,
    },
    encoding::encode,
    etag::EntityTag,
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path},
    payload::Json,
};

use crate::{
    app::App,
    http::{
        answer::{Fails, refusals},
        body::{Body, Limit},
        condition::Condition,
        problem::Problem,
        tag::Tag,
    },
    vault::{
        blobs,
        still::{Reader, Writer},
    },
};

refusals! {
    ListRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
    }
    ReadRefusals {
        400: "Not 1 to 64 letters, digits, dots, underscores, colons and hyphens: `invalid_blob_type`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
    }
    WriteRefusals + body {
        400: "No type of a blob: `invalid_blob_type`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        409: "Sealed under another version of the master key than the present one: `stale_km_version`. The caller's keys changed in the meantime: `identity_changed`.",
        412: "The blob that is there is not the one of If-Match, or there is one: `precondition_failed`.",
        413: "More than 1 MiB: `record_too_large`. She keeps too much: `vault_full`. The body is too long: `body_too_large`.",
        422: "No envelope: `invalid_envelope`. Wrong shape: `invalid_body`.",
    }
    DeleteRefusals {
        400: "No type of a blob: `invalid_blob_type`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        409: "The caller's keys changed in the meantime: `stale_km_version`, `identity_changed`.",
    }
}

/// A blob in base64 and what is around it: 1.5 MiB.
#[derive(Debug)]
pub struct BlobLimit;

impl Limit for BlobLimit {
    const WITHIN: Duration = Duration::from_secs(60);

    type Held = ();

    fn bytes(_: &App) -> usize {
        1024 * 1024 * 3 / 2
    }

    async fn admit(_: &App, _: &Request) -> Result<(), Problem> {
        Ok(())
    }
}

/// A blob, or none.
#[derive(ApiResponse)]
pub enum MaybeBlob {
    /// The blob.
    #[oai(status = 200)]
    Blob(
        Json<Blob>,
        /// Changes with the envelope; for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
    /// There is none of this type.
    #[oai(status = 204)]
    Nothing,
}

/// The caller's personal blobs.
#[derive(Debug)]
pub struct BlobsApi;

#[OpenApi(prefix_path = "/me/blobs")]
impl BlobsApi {
    /// List blobs
    ///
    /// Which personal blobs the caller has, and the version of the master key that each is sealed under. Needs
    /// `library:read`.
    #[oai(path = "/", method = "get", tag = "Tag::Vault", operation_id = "listBlobs")]
    async fn list(&self, app: Data<&Arc<App>>, caller: Reader) -> Result<Json<BlobList>, Fails<ListRefusals>> {
        let rows = blobs::list(app.store.reader(), caller.user.id).await?;
        let entries = rows
            .into_iter()
            .map(|(blob_type, km_version)| BlobEntry { blob_type, km_version });
        Ok(Json(BlobList {
            blobs: entries.collect(),
        }))
    }

    /// Read a blob
    ///
    /// The caller's blob of one type; 204 when there is none. Needs `library:read`.
    #[oai(path = "/:type", method = "get", tag = "Tag::Vault", operation_id = "getBlob")]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        caller: Reader,
        /// The type of the blob.
        #[oai(name = "type")]
        blob_type: Path<String>,
    ) -> Result<MaybeBlob, Fails<ReadRefusals>> {
        blobs::check_type(&blob_type)?;
        let row = blobs::get(app.store.reader(), caller.user.id, &blob_type).await?;
        Ok(row.map_or(MaybeBlob::Nothing, |row| {
            let tag = EntityTag::of(&row.sealed).to_string();
            let blob = Blob {
                encrypted_blob: encode(&row.sealed),
                nonce: row.nonce,
                km_version: row.km_version,
                updated_at: Time::from_millis(row.updated_at),
            };
            MaybeBlob::Blob(Json(blob), tag)
        }))
    }

    /// Write a blob
    ///
    /// Keeps an envelope as the caller's blob of this type, in the place of an earlier one. What is in it only her
    /// clients can tell. With `If-Match` it replaces the blob of that tag and no other, with `If-None-Match: *` none at
    /// all. Needs `library:write`.
    #[oai(path = "/:type", method = "put", tag = "Tag::Vault", operation_id = "putBlob")]
    async fn put(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The type of the blob.
        #[oai(name = "type")]
        blob_type: Path<String>,
        /// The tag of the blob to replace, as it was answered with it.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*` when there must be none yet.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        body: Body<BlobRequest, BlobLimit>,
    ) -> Result<Json<Success>, Fails<WriteRefusals>> {
        blobs::check_type(&blob_type)?;
        let quota = app.settings.vault_quota;
        let condition = Condition {
            if_match: if_match.0,
            if_none_match: if_none_match.0,
        };
        blobs::put(&app.store, quota, &caller, &blob_type, body.0, &condition, app.now()).await?;
        Ok(Json(Success::YES))
    }

    /// Delete a blob
    ///
    /// Deletes the caller's blob of this type; one that is not there counts as deleted. Needs `library:write`.
    #[oai(path = "/:type", method = "delete", tag = "Tag::Vault", operation_id = "deleteBlob")]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The type of the blob.
        #[oai(name = "type")]
        blob_type: Path<String>,
    ) -> Result<Json<Success>, Fails<DeleteRefusals>> {
        blobs::check_type(&blob_type)?;
        blobs::delete(&app.store, &caller, &blob_type).await?;
        Ok(Json(Success::YES))
    }
}
