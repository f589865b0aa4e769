//! Signing out everywhere: sessions end, and with them what the devices had.

use parchment_core::time::UnixMillis;

use super::{caller::Caller, sessions};
use crate::{
    http::problem::Problem,
    store::Store,
    vault::{device_secrets, transfer},
};

/// Ends all sessions of the caller, this one too, changes the secrets of all her devices and ends open transfers.
///
/// # Errors
///
/// 401 when hers has ended by now.
pub async fn everywhere(store: &Store, caller: &Caller, now: UnixMillis) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            sessions::end_all(tx, caller.user.id).await?;
            device_secrets::rotate(tx, caller.user.id).await?;
            Ok(transfer::close_all(tx, caller.user.id, now).await?)
        })
        .await
}

/// Ends all sessions of the caller but the one she calls with, and changes the secrets of all her devices but this one.
///
/// Open transfers are over too: the device that began one may be one of those.
///
/// # Errors
///
/// 401 when hers has ended by now.
pub async fn everywhere_else(store: &Store, caller: &Caller, device: &str, now: UnixMillis) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            sessions::end_others(tx, caller.user.id, caller.session.id).await?;
            device_secrets::rotate_others(tx, caller.user.id, device).await?;
            Ok(transfer::close_all(tx, caller.user.id, now).await?)
        })
        .await
}
