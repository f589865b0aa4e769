//! Relaying a sealed seed from the old device to the new (protocol section 11).
//!
//! A transfer is a row, so any process may answer: begun by one device of a user, given its payload once by another,
//! read once, and over after a minute whatever happened. What was read, cancelled or ended keeps no payload; the row
//! itself stays for an hour, in which transfers are counted.

use parchment_core::{
    api::device_transfer::TransferUpload,
    keys::{EphemeralKey, Signature},
    limits,
    time::UnixMillis,
};
use poem::http::StatusCode;
use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, UpdateMany,
    prelude::{Expr, Uuid},
};

use super::sealed;
use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    random,
    store::{Store, StoreError, entities::device_transfers},
};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// What the old device uploads, its shape checked.
pub struct Payload {
    sender_key: EphemeralKey,
    sealed_seed: Vec<u8>,
    signature: Signature,
}

impl Payload {
    /// Reads the three texts of an upload.
    ///
    /// Whether the seed is the user's and the signature hers is for the new device to find out: here nothing could be
    /// concluded from it.
    ///
    /// # Errors
    ///
    /// 422 `invalid_key`, `invalid_envelope` or `invalid_signature`; 413 when the envelope is too long.
    pub fn read(upload: &TransferUpload) -> Result<Self, Problem> {
        Ok(Self {
            sender_key: read_key(&upload.sender_ephemeral_pub, "senderEphemeralPub")?,
            sealed_seed: sealed::read(&upload.sealed_seed, limits::SLOT_BYTES, "sealedSeed")?,
            signature: Signature::from_base64(&upload.sender_signature).map_err(|error| {
                Problem::unprocessable(
                    "invalid_signature",
                    format!("The senderSignature is unusable: {error}."),
                )
            })?,
        })
    }
}

/// Reads a one-time key; `member` says where it was.
///
/// # Errors
///
/// 422 `invalid_key`.
pub fn read_key(text: &str, member: &str) -> Result<EphemeralKey, Problem> {
    EphemeralKey::from_base64(text)
        .map_err(|error| Problem::unprocessable("invalid_key", format!("The {member} is unusable: {error}.")))
}

/// Begins a transfer to a new device of the caller.
///
/// # Errors
///
/// 429 when she began three within the hour, unless traffic limits are off; 401 when her session has ended by now.
pub async fn begin(
    store: &Store,
    caller: &Caller,
    receiver: &EphemeralKey,
    limited: bool,
    now: UnixMillis,
) -> Result<device_transfers::Model, Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            if limited {
                check_count(tx, caller.user.id, now).await?;
            }
            let row = device_transfers::ActiveModel {
                id: Set(random::id()),
                user_id: Set(caller.user.id),
                receiver_key: Set(receiver.as_bytes().to_vec()),
                sender_key: Set(None),
                sealed_seed: Set(None),
                signature: Set(None),
                created_at: Set(now.0),
                expires_at: Set(now.0 + i64::from(limits::TRANSFER_SECONDS) * 1000),
                closed_at: Set(None),
            };
            Ok(row.insert(tx).await?)
        })
        .await
}

async fn check_count(tx: &impl ConnectionTrait, user_id: Uuid, now: UnixMillis) -> Result<(), Problem> {
    let recent = device_transfers::Entity::find()
        .filter(device_transfers::Column::UserId.eq(user_id))
        .filter(device_transfers::Column::CreatedAt.gt(now.0 - HOUR_MS))
        .order_by_asc(device_transfers::Column::CreatedAt)
        .all(tx)
        .await?;
    let Some(oldest) = recent
        .first()
        .filter(|_| recent.len() >= limits::TRANSFERS_PER_USER_PER_HOUR as usize)
    else {
        return Ok(());
    };
    let wait = u64::try_from((oldest.created_at + HOUR_MS - now.0) / 1000 + 1).unwrap_or(1);
    Err(Problem::too_many("You began too many transfers within the hour.", wait))
}

/// Takes the payload of a transfer, once.
///
/// # Errors
///
/// 404 for no transfer, 403 for that of somebody else, 410 when it is over, 409 `already_uploaded`.
pub async fn upload(
    store: &Store,
    caller: &Caller,
    id: Uuid,
    payload: Payload,
    now: UnixMillis,
) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let row = find_open(tx, caller, id, now).await?;
            if row.sealed_seed.is_some() {
                return Err(Problem::conflict(
                    "already_uploaded",
                    "The seed of this transfer was uploaded already.",
                ));
            }
            let mut row = device_transfers::ActiveModel::from(row);
            row.sender_key = Set(Some(payload.sender_key.as_bytes().to_vec()));
            row.sealed_seed = Set(Some(payload.sealed_seed));
            row.signature = Set(Some(payload.signature.as_bytes().to_vec()));
            row.update(tx).await?;
            Ok(())
        })
        .await
}

/// Gives out the payload of a transfer, once; who asks again gets 410.
///
/// # Errors
///
/// As [`upload`]; 425 `not_uploaded` while there is nothing.
pub async fn fetch(store: &Store, caller: &Caller, id: Uuid, now: UnixMillis) -> Result<Fetched, Problem> {
    // Waiting devices ask often, and have the writer wait for nothing.
    find_open(store.reader(), caller, id, now).await?.payload()?;
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let fetched = find_open(tx, caller, id, now).await?.payload()?;
            closing(now)
                .filter(device_transfers::Column::Id.eq(id))
                .exec(tx)
                .await?;
            Ok(fetched)
        })
        .await
}

/// What is given out.
pub struct Fetched {
    /// The old device's one-time key.
    pub sender_key: Vec<u8>,
    /// The envelope with the seed.
    pub sealed_seed: Vec<u8>,
    /// The user's signature.
    pub signature: Vec<u8>,
}

impl device_transfers::Model {
    fn payload(self) -> Result<Fetched, Problem> {
        match (self.sender_key, self.sealed_seed, self.signature) {
            (Some(sender_key), Some(sealed_seed), Some(signature)) => Ok(Fetched {
                sender_key,
                sealed_seed,
                signature,
            }),
            _ => {
                let message = "The old device has not uploaded anything yet; ask again in a moment.";
                Err(Problem::new(StatusCode::TOO_EARLY, "not_uploaded", message))
            }
        }
    }
}

/// Ends a transfer of the caller; one that is over stays so.
///
/// # Errors
///
/// 404 for no transfer, 403 for that of somebody else.
pub async fn cancel(store: &Store, caller: &Caller, id: Uuid, now: UnixMillis) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            find(tx, caller, id).await?;
            closing(now)
                .filter(device_transfers::Column::Id.eq(id))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}

/// Ends all open transfers of a user, as part of a larger change.
pub async fn close_all(tx: &impl ConnectionTrait, user_id: Uuid, now: UnixMillis) -> Result<(), StoreError> {
    closing(now)
        .filter(device_transfers::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes the payload off open transfers and marks them as over.
fn closing(now: UnixMillis) -> UpdateMany<device_transfers::Entity> {
    let nothing = || Expr::value(None::<Vec<u8>>);
    device_transfers::Entity::update_many()
        .col_expr(device_transfers::Column::SenderKey, nothing())
        .col_expr(device_transfers::Column::SealedSeed, nothing())
        .col_expr(device_transfers::Column::Signature, nothing())
        .col_expr(device_transfers::Column::ClosedAt, now.0.into())
        .filter(device_transfers::Column::ClosedAt.is_null())
}

async fn find(db: &impl ConnectionTrait, caller: &Caller, id: Uuid) -> Result<device_transfers::Model, Problem> {
    let row = device_transfers::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(|| Problem::not_found("There is no such transfer."))?;
    if row.user_id != caller.user.id {
        return Err(Problem::forbidden(
            "not_yours",
            "This is the transfer of somebody else.",
        ));
    }
    Ok(row)
}

async fn find_open(
    db: &impl ConnectionTrait,
    caller: &Caller,
    id: Uuid,
    now: UnixMillis,
) -> Result<device_transfers::Model, Problem> {
    let row = find(db, caller, id).await?;
    if row.closed_at.is_some() || row.expires_at <= now.0 {
        let message = "This transfer is over; start another.";
        return Err(Problem::new(StatusCode::GONE, "transfer_over", message));
    }
    Ok(row)
}

/// Takes the payload off transfers whose time is over, and deletes those that are not counted any more.
pub async fn sweep(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    store
        .write(async |tx| {
            closing(now)
                .filter(device_transfers::Column::ExpiresAt.lte(now.0))
                .exec(tx)
                .await?;
            device_transfers::Entity::delete_many()
                .filter(device_transfers::Column::CreatedAt.lte(now.0 - HOUR_MS))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}
