//! Recovery slots: the caller's seed, wrapped for her passkeys and signed by her (protocol section 10).
//!
//! The signature is checked here too, so that what a client would refuse is refused when it is stored and not on the day
//! on which it is needed. It is no protection against whoever has a session: that one can set other keys, or delete.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use parchment_core::{
    api::wrapped_keys::SlotRequest,
    keys::{Signature, VerifyingKey},
    limits,
    slot::{Slot, SlotPlace, WRAP_ALGORITHM},
    time::UnixMillis,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, prelude::Uuid, sea_query::OnConflict,
};

use super::{sealed, still};
use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    identity::keys,
    store::{
        Store, StoreError,
        entities::{passkeys, wrapped_keys},
    },
};

/// A slot as it was sent, its shape checked.
#[derive(Debug, Clone)]
pub struct NewSlot {
    credential_id: Vec<u8>,
    wrapped_km: Vec<u8>,
    signature: Signature,
    sent: Slot,
}

impl NewSlot {
    /// Reads a slot.
    ///
    /// # Errors
    ///
    /// 422 `invalid_slot` or `invalid_envelope`; 413 when the envelope is too long.
    pub fn read(request: SlotRequest) -> Result<Self, Problem> {
        let unusable = |what: String| Problem::unprocessable("invalid_slot", what);
        let wrap_algo = request.wrap_algo.unwrap_or_else(|| WRAP_ALGORITHM.to_owned());
        if wrap_algo != WRAP_ALGORITHM {
            return Err(unusable(format!("The wrapAlgo of a slot is {WRAP_ALGORITHM}.")));
        }
        let credential_id = read_credential_id(&request.credential_id)
            .ok_or_else(|| unusable("A credentialId is base64url without padding.".to_owned()))?;
        let signature = Signature::from_base64(&request.slot_signature)
            .map_err(|error| unusable(format!("The slotSignature is unusable: {error}.")))?;
        Ok(Self {
            credential_id,
            wrapped_km: sealed::read(&request.wrapped_km, limits::SLOT_BYTES, "wrappedKm")?,
            signature,
            sent: Slot {
                credential_id: request.credential_id,
                wrapped_km: request.wrapped_km,
                wrap_algo,
                slot_signature: request.slot_signature,
            },
        })
    }

    /// The passkey it is for.
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// Makes sure that it was signed by this identity, for this user.
    ///
    /// # Errors
    ///
    /// 422 `invalid_slot`.
    pub fn check_signed(&self, user_id: Uuid, identity: &VerifyingKey) -> Result<(), Problem> {
        let place = SlotPlace {
            user_id: &user_id.to_string(),
            credential_id: &self.sent.credential_id,
        };
        let verified = self.sent.verify(place, identity);
        verified
            .map(drop)
            .map_err(|error| Problem::unprocessable("invalid_slot", error.to_string()))
    }

    fn into_row(self, user_id: Uuid, km_version: i64, now: UnixMillis) -> wrapped_keys::ActiveModel {
        wrapped_keys::ActiveModel {
            credential_id: Set(self.credential_id),
            user_id: Set(user_id),
            wrapped_km: Set(self.wrapped_km),
            wrap_algo: Set(self.sent.wrap_algo),
            slot_signature: Set(self.signature.as_bytes().to_vec()),
            km_version: Set(km_version),
            created_at: Set(now.0),
            last_used_at: Set(None),
        }
    }
}

/// The bytes of a credential id, if the text is the one spelling of some.
pub fn read_credential_id(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// A credential id as it is sent.
pub fn write_credential_id(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// A user's slots, oldest first.
pub async fn list(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<wrapped_keys::Model>, StoreError> {
    let rows = wrapped_keys::Entity::find()
        .filter(wrapped_keys::Column::UserId.eq(user_id))
        .order_by_asc(wrapped_keys::Column::CreatedAt)
        .order_by_asc(wrapped_keys::Column::CredentialId)
        .all(db)
        .await?;
    Ok(rows)
}

/// Writes the slot of one of the caller's passkeys; an earlier one is replaced.
///
/// # Errors
///
/// 422 `foreign_credential` when it is not her passkey, `invalid_slot` when her identity did not sign it; 409 and 401
/// when her keys or her session changed since the request came.
pub async fn put(store: &Store, caller: &Caller, slot: NewSlot, now: UnixMillis) -> Result<(), Problem> {
    // Before she registered a key there is nothing to check the signature with; her clients will.
    if let Some(identity) = keys::signing_key(&caller.user) {
        slot.check_signed(caller.user.id, &identity)?;
    }
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            still::same_keys(tx, &caller.user).await?;
            check_owned(tx, caller.user.id, [slot.credential_id()]).await?;
            let row = slot.into_row(caller.user.id, caller.user.km_version, now);
            Ok(write(tx, [row]).await?)
        })
        .await
}

/// Makes sure that all these credentials are passkeys of a user.
///
/// # Errors
///
/// 422 `foreign_credential`, whether it is somebody else's or nobody's.
pub async fn check_owned<'a>(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    credentials: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(), Problem> {
    let own: Vec<Vec<u8>> = passkeys::Entity::find()
        .select_only()
        .column(passkeys::Column::CredentialId)
        .filter(passkeys::Column::UserId.eq(user_id))
        .into_tuple()
        .all(tx)
        .await?;
    let foreign = credentials.into_iter().find(|id| !own.iter().any(|own| own == id));
    match foreign {
        None => Ok(()),
        Some(id) => Err(Problem::unprocessable(
            "foreign_credential",
            format!(
                "{} is no passkey of yours.",
                write_credential_id(id).chars().take(100).collect::<String>()
            ),
        )),
    }
}

/// Puts these slots in the place of all that a user has, as part of a rotation.
pub async fn replace_all(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    slots: Vec<NewSlot>,
    km_version: i64,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let kept = slots.iter().map(|slot| slot.credential_id.clone()).collect::<Vec<_>>();
    wrapped_keys::Entity::delete_many()
        .filter(wrapped_keys::Column::UserId.eq(user_id))
        .filter(wrapped_keys::Column::CredentialId.is_not_in(kept))
        .exec(tx)
        .await?;
    write(
        tx,
        slots.into_iter().map(|slot| slot.into_row(user_id, km_version, now)),
    )
    .await
}

async fn write(
    tx: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = wrapped_keys::ActiveModel>,
) -> Result<(), StoreError> {
    let replacing = OnConflict::column(wrapped_keys::Column::CredentialId)
        .update_columns([
            wrapped_keys::Column::WrappedKm,
            wrapped_keys::Column::WrapAlgo,
            wrapped_keys::Column::SlotSignature,
            wrapped_keys::Column::KmVersion,
        ])
        .to_owned();
    for row in rows {
        wrapped_keys::Entity::insert(row)
            .on_conflict(replacing.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Notes that the caller used a slot.
///
/// # Errors
///
/// 404 when she has no such slot.
pub async fn used(store: &Store, caller: &Caller, credential_id: &[u8], now: UnixMillis) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let noted = wrapped_keys::Entity::update_many()
                .col_expr(wrapped_keys::Column::LastUsedAt, Some(now.0).into())
                .filter(wrapped_keys::Column::CredentialId.eq(credential_id))
                .filter(wrapped_keys::Column::UserId.eq(caller.user.id))
                .exec(tx)
                .await?;
            (noted.rows_affected == 1).then_some(()).ok_or_else(none)
        })
        .await
}

/// Deletes a slot of the caller.
///
/// # Errors
///
/// 404 when she has no such slot.
pub async fn delete(store: &Store, caller: &Caller, credential_id: &[u8]) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let deleted = wrapped_keys::Entity::delete_many()
                .filter(wrapped_keys::Column::CredentialId.eq(credential_id))
                .filter(wrapped_keys::Column::UserId.eq(caller.user.id))
                .exec(tx)
                .await?;
            (deleted.rows_affected == 1).then_some(()).ok_or_else(none)
        })
        .await
}

/// 404: no slot.
pub fn none() -> Problem {
    Problem::not_found("You have no slot for this passkey.")
}

/// Deletes all slots of a user, as part of a larger change.
pub async fn delete_all(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<(), StoreError> {
    wrapped_keys::Entity::delete_many()
        .filter(wrapped_keys::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    Ok(())
}
