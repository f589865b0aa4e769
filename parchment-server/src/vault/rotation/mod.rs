//! Rotation: everything a user keeps goes under a new master key, in one transaction, with nothing left behind.
//!
//! What comes is read into a [`Plan`] before anybody waits for it. Then, as the only writer: the version is compared,
//! what is stored is held against the plan (`inventory`), and if nothing would be left unreadable all of it is
//! written (`apply`). Every blob, collection, point, slot and passkey is written by the same writer, so nothing can
//! come in between.

mod apply;
mod inventory;
mod plan;
mod unseen;

use parchment_core::{api::rotation::RotationRequest, time::UnixMillis};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _};

use self::inventory::Inventory;
pub use self::plan::Plan;
use super::{slots, usage::Usage};
use crate::{
    auth::{caller::Caller, sessions},
    http::{condition::Condition, problem::Problem},
    store::{Store, entities::users},
};

/// Puts everything the caller keeps under a new master key; gives the version after that.
///
/// Her other sessions end, the secrets of all her devices change, and open transfers are over.
///
/// # Errors
///
/// 409 `rotation_conflict` when another rotation or a reset came first; 412 when the condition does not hold of the
/// [`Snapshot`](parchment_core::etag::Snapshot) of what she keeps; 422 when something would be left behind or does
/// not belong to her; 413 when it is too much. Nothing is written then.
pub async fn commit(
    store: &Store,
    quota: u64,
    caller: &Caller,
    plan: Plan,
    condition: &Condition,
    now: UnixMillis,
) -> Result<i64, Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let user = users::Entity::find_by_id(caller.user.id).one(tx).await?;
            let user = user.ok_or_else(Problem::signed_out)?;
            if user.km_version != plan.expected_current() || was_reset(&caller.user, &user) {
                return Err(conflict());
            }
            if condition.is_any() {
                let kept = unseen::snapshot(tx, user.id).await?;
                condition.check(Some(&kept.tag()))?;
            }
            Inventory::of(tx, user.id).await?.check(&plan)?;
            slots::check_owned(tx, user.id, plan.credentials()).await?;

            let before = Usage::of(tx, user.id).await?;
            let next = user.km_version + 1;
            let mut keys = users::ActiveModel::from(user);
            keys.signing_key = Set(Some(plan.signing.as_bytes().to_vec()));
            keys.encryption_key = Set(Some(plan.encryption.as_bytes().to_vec()));
            keys.km_version = Set(next);
            keys.updated_at = Set(now.0);
            keys.update(tx).await?;
            apply::apply(tx, caller, plan, next, now).await?;
            Usage::of(tx, caller.user.id).await?.allow(before, quota)?;
            Ok(next)
        })
        .await
}

/// Refuses a commit from another version than the caller's own before more of it is looked at.
///
/// # Errors
///
/// 409 `rotation_conflict`; 422 when the version is none.
pub fn of_current(request: RotationRequest, caller: &Caller) -> Result<RotationRequest, Problem> {
    if plan::read_version(request.expected_current)? == caller.user.km_version {
        return Ok(request);
    }
    Err(conflict())
}

fn conflict() -> Problem {
    let message = "Your master key was changed in the meantime; read everything again and start over.";
    Problem::conflict("rotation_conflict", message)
}

/// Whether the keys that a user had when her request came were taken off or replaced; the version alone does not show a
/// reset at version 1.
fn was_reset(before: &users::Model, now: &users::Model) -> bool {
    before.signing_key.is_some() && now.signing_key != before.signing_key
}
