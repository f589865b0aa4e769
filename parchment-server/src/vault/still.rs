//! Whether a user is still who she was when her request came, as the first step of a change.

use sea_orm::{ConnectionTrait, EntityTrait as _};

use crate::{
    auth::{permissions::needs, permitted::Permitted},
    http::problem::Problem,
    store::entities::users,
};

/// Somebody who may read what she keeps.
pub type Reader = Permitted<needs::LibraryRead>;

/// Somebody who may change what she keeps.
pub type Writer = Permitted<needs::LibraryWrite>;

/// Makes sure that a caller may still write, and that what she sends is sealed under the present key.
///
/// # Errors
///
/// 401 and 403 as [`Actor::held`](crate::auth::permitted::Actor::held); 409 as [`same_keys`].
pub async fn may_write(tx: &impl ConnectionTrait, caller: &Writer) -> Result<(), Problem> {
    caller.actor.held(tx).await?;
    same_keys(tx, &caller.user).await
}

/// Makes sure that a user's keys are those she had when the request came.
///
/// A first key is no change: there is nothing that another could have sealed.
///
/// # Errors
///
/// 409 `stale_km_version` after a rotation, `identity_changed` after a reset or another key; 401 when she is gone.
pub async fn same_keys(tx: &impl ConnectionTrait, before: &users::Model) -> Result<(), Problem> {
    let now = users::Entity::find_by_id(before.id).one(tx).await?;
    let now = now.ok_or_else(Problem::signed_out)?;
    if now.km_version != before.km_version {
        return Err(stale());
    }
    if before.signing_key.is_some() && now.signing_key != before.signing_key {
        return Err(Problem::conflict(
            "identity_changed",
            "Your keys changed in the meantime; seal it under the present ones.",
        ));
    }
    Ok(())
}

/// 409 `stale_km_version`.
pub fn stale() -> Problem {
    Problem::conflict(
        "stale_km_version",
        "This is sealed under another version of your master key than the present one.",
    )
}
