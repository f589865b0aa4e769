//! The HTTP face of recovery slots.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        identity::Success,
        wrapped_keys::{SlotRequest, Slots, StoredSlot},
    },
    encoding::encode,
};
use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi, param::Path, payload::Json};

use crate::{
    app::App,
    auth::caller::Caller,
    http::{
        answer::{Fails, SignedOut, refusals},
        body::Body,
        tag::Tag,
    },
    store::entities::wrapped_keys,
    vault::slots::{self, NewSlot},
};

refusals! {
    PutRefusals + body {
        401: "No live session: `signed_out`.",
        409: "The caller's keys changed in the meantime: `stale_km_version`, `identity_changed`.",
        413: "More than 4 KiB: `record_too_large`. The body is too long: `body_too_large`.",
        422: "Not the caller's passkey: `foreign_credential`. Not signed by her identity for it, or no slot at all: `invalid_slot`. No envelope: `invalid_envelope`. Wrong shape: `invalid_body`.",
    }
    OneRefusals {
        401: "No live session: `signed_out`.",
        404: "The caller has no slot for this passkey: `not_found`.",
    }
}

/// A slot was written.
#[derive(ApiResponse)]
pub enum SlotWritten {
    /// It is kept.
    #[oai(status = 201)]
    Written(Json<Success>),
}

/// The caller's recovery slots.
#[derive(Debug)]
pub struct SlotsApi;

#[OpenApi(prefix_path = "/users/me/wrapped-keys")]
impl SlotsApi {
    /// List recovery slots
    ///
    /// The caller's seed as it is wrapped for each of her passkeys. A client checks the signature before it uses one.
    #[oai(
        path = "/",
        method = "get",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "listSlots"
    )]
    async fn list(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Slots>, Fails<SignedOut>> {
        let rows = slots::list(app.store.reader(), caller.user.id).await?;
        Ok(Json(Slots {
            slots: rows.into_iter().map(to_slot).collect(),
        }))
    }

    /// Write a recovery slot
    ///
    /// Keeps the caller's seed, wrapped for one of her passkeys and signed by her identity, in the place of an earlier
    /// slot for it. It goes when the passkey goes.
    #[oai(
        path = "/",
        method = "post",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "putSlot"
    )]
    async fn put(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<SlotRequest>,
    ) -> Result<SlotWritten, Fails<PutRefusals>> {
        slots::put(&app.store, &caller, NewSlot::read(body.0)?, app.now()).await?;
        Ok(SlotWritten::Written(Json(Success::YES)))
    }

    /// Delete a recovery slot
    ///
    /// Deletes the slot of a passkey; the passkey stays.
    #[oai(
        path = "/:credentialId",
        method = "delete",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "deleteSlot"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The credential id of the passkey.
        #[oai(name = "credentialId")]
        credential_id: Path<String>,
    ) -> Result<Json<Success>, Fails<OneRefusals>> {
        let credential_id = slots::read_credential_id(&credential_id).ok_or_else(slots::none)?;
        slots::delete(&app.store, &caller, &credential_id).await?;
        Ok(Json(Success::YES))
    }

    /// Note the use of a slot
    ///
    /// Notes that a client got the seed out of a slot, for the list.
    #[oai(
        path = "/:credentialId/used",
        method = "post",
        tag = "Tag::Users",
        tag = "Tag::Vault",
        operation_id = "noteSlotUse"
    )]
    async fn used(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The credential id of the passkey.
        #[oai(name = "credentialId")]
        credential_id: Path<String>,
    ) -> Result<Json<Success>, Fails<OneRefusals>> {
        let credential_id = slots::read_credential_id(&credential_id).ok_or_else(slots::none)?;
        slots::used(&app.store, &caller, &credential_id, app.now()).await?;
        Ok(Json(Success::YES))
    }
}

fn to_slot(row: wrapped_keys::Model) -> StoredSlot {
    StoredSlot {
        user_id: row.user_id.to_string(),
        credential_id: slots::write_credential_id(&row.credential_id),
        wrapped_km: encode(&row.wrapped_km),
        wrap_algo: row.wrap_algo,
        slot_signature: encode(&row.slot_signature),
        created_at: Time::from_millis(row.created_at),
        last_used_at: row.last_used_at.map(Time::from_millis),
    }
}
