//! Secrets that wrap the seeds in users' browsers: kept for each device, sealed under a key that is not in the database.
//!
//! A seed that lies in a browser is worth nothing without its secret, and a secret nothing without a session. Changing
//! the secrets makes every stored seed useless.

use std::ops::RangeInclusive;

use hmac::{Hmac, KeyInit as _, Mac as _};
use parchment_core::{
    derive::AtRestKey,
    limits,
    seal::{self, Algorithm, AtRest, Envelope, SealNonce},
    time::UnixMillis,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    prelude::Uuid,
};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    random,
    store::{Store, StoreError, entities::device_secrets},
};

/// Where the secrets are, as each sealed one is bound to it.
const TABLE: &str = "device_secrets.sealed";

/// Seals and opens secrets.
#[derive(Debug)]
pub struct SecretSealer(AtRestKey);

impl SecretSealer {
    /// The sealer of the server with this seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        // The seed signs: what is sealed gets 32 bytes of its own, from which its key is derived.
        let mut own = Hmac::<Sha256>::new_from_slice(seed).expect("HMAC takes keys of any length");
        own.update(b"parchment-server device secrets");
        let own: Zeroizing<[u8; 32]> = Zeroizing::new(own.finalize().into_bytes().into());
        Self(AtRestKey::derive(&own))
    }

    fn seal(&self, user_id: Uuid, device: &str, secret: &[u8; 32]) -> Result<Vec<u8>, Problem> {
        let owner = user_id.to_string();
        let place = place(&owner, device);
        let sealed = seal::seal(&place, &self.0, secret, SealNonce::from_bytes(random::bytes()));
        Ok(sealed.map_err(Problem::internal)?.as_bytes().to_vec())
    }

    fn open(&self, row: &device_secrets::Model) -> Result<Zeroizing<[u8; 32]>, Problem> {
        let owner = row.user_id.to_string();
        let place = place(&owner, &row.device_id);
        let envelope = Envelope::from_bytes_accepting(row.sealed.clone(), &[Algorithm::ChaCha20Poly1305]);
        let opened = seal::open(&place, &self.0, &envelope.map_err(Problem::internal)?).map_err(Problem::internal)?;
        let bytes = opened.as_bytes().try_into().map_err(Problem::internal)?;
        Ok(Zeroizing::new(bytes))
    }
}

fn place<'a>(owner: &'a str, device: &'a str) -> AtRest<'a> {
    AtRest {
        owner,
        table: TABLE,
        row: device,
    }
}

/// How long the id of a device is, in characters.
pub const DEVICE_ID_LENGTH: RangeInclusive<usize> = 8..=64;

/// Refuses what is not the id of a device: 8 to 64 letters, digits and hyphens.
///
/// # Errors
///
/// 422 `invalid_device_id`.
pub fn check_device(text: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if DEVICE_ID_LENGTH.contains(&text.len()) && text.bytes().all(fits) {
        return Ok(());
    }
    let message = "The id of a device is 8 to 64 letters, digits and hyphens.";
    Err(Problem::unprocessable("invalid_device_id", message))
}

/// The secret of a device of the caller: made on the first ask, the same ever after.
///
/// # Errors
///
/// 409 `too_many_devices` when there is none yet and no more may be made; 401 when the session has ended by now.
pub async fn get(
    store: &Store,
    sealer: &SecretSealer,
    caller: &Caller,
    device: &str,
    now: UnixMillis,
) -> Result<Zeroizing<[u8; 32]>, Problem> {
    let key = (caller.user.id, device.to_owned());
    if let Some(row) = device_secrets::Entity::find_by_id(key.clone())
        .one(store.reader())
        .await?
    {
        return sealer.open(&row);
    }
    let secret = Zeroizing::new(random::bytes());
    let row = device_secrets::ActiveModel {
        user_id: Set(caller.user.id),
        device_id: Set(device.to_owned()),
        sealed: Set(sealer.seal(caller.user.id, device, &secret)?),
        created_at: Set(now.0),
    };
    let stands = store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            // Of two that ask first at once, the second gets the first one's.
            if let Some(row) = device_secrets::Entity::find_by_id(key).one(tx).await? {
                return Ok(Some(row));
            }
            check_count(tx, caller.user.id).await?;
            device_secrets::Entity::insert(row).exec_without_returning(tx).await?;
            Ok::<_, Problem>(None)
        })
        .await?;
    match stands {
        Some(row) => sealer.open(&row),
        None => Ok(secret),
    }
}

async fn check_count(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<(), Problem> {
    let devices = device_secrets::Entity::find()
        .filter(device_secrets::Column::UserId.eq(user_id))
        .count(tx)
        .await?;
    if devices < u64::from(limits::DEVICES_PER_USER) {
        return Ok(());
    }
    Err(Problem::conflict(
        "too_many_devices",
        "There are secrets for too many devices already; change them all, and those no longer used are gone.",
    ))
}

/// Changes every secret of a user, as part of a larger change.
///
/// The old ones go, and each device gets a new one when it asks again.
pub async fn rotate(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<(), StoreError> {
    device_secrets::Entity::delete_many()
        .filter(device_secrets::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Changes every secret of a user but that of one device, as part of a larger change.
pub async fn rotate_others(tx: &impl ConnectionTrait, user_id: Uuid, keep: &str) -> Result<(), StoreError> {
    device_secrets::Entity::delete_many()
        .filter(device_secrets::Column::UserId.eq(user_id))
        .filter(device_secrets::Column::DeviceId.ne(keep))
        .exec(tx)
        .await?;
    Ok(())
}

/// Changes every secret of the caller.
///
/// # Errors
///
/// 401 when the session has ended by now.
pub async fn rotate_all_of(store: &Store, caller: &Caller) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            Ok(rotate(tx, caller.user.id).await?)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_user_its_device_and_its_server_alone() {
        let sealer = SecretSealer::new(&[1; 32]);
        let (user, other) = (random::id(), random::id());
        let row = |user_id, device_id: &str| device_secrets::Model {
            user_id,
            device_id: device_id.to_owned(),
            sealed: sealer.seal(user, "device-1", &[7; 32]).unwrap(),
            created_at: 0,
        };
        assert_eq!(*sealer.open(&row(user, "device-1")).unwrap(), [7; 32]);
        assert!(sealer.open(&row(other, "device-1")).is_err());
        assert!(sealer.open(&row(user, "device-2")).is_err());
        assert!(SecretSealer::new(&[2; 32]).open(&row(user, "device-1")).is_err());
        assert_eq!(format!("{sealer:?}"), "SecretSealer(AtRestKey(secret))");
    }
}
