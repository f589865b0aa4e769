//! What a user shows of herself, and whether she finished the first steps.

use parchment_core::{api::accounts::ProfileRequest, time::UnixMillis};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    store::{Store, entities::users},
};

/// Changes the caller's profile; what is not named stays.
///
/// # Errors
///
/// 422 when a text has control characters; 401 when the session has ended by now.
pub async fn change(store: &Store, caller: &Caller, profile: ProfileRequest, now: UnixMillis) -> Result<(), Problem> {
    let (first, last, picture) = (profile.first_name, profile.last_name, profile.picture);
    let members = [("firstName", first), ("lastName", last), ("picture", picture)];
    let [first, last, picture] = members.map(|(name, patch)| (name, patch.into_change()));
    for (name, change) in [&first, &last, &picture] {
        for text in change.iter().flatten() {
            check_text(name, text)?;
        }
    }
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let mut row = users::ActiveModel {
                id: Set(caller.user.id),
                ..Default::default()
            };
            let set = |value: Option<Option<String>>| value.map_or_else(sea_orm::ActiveValue::default, Set);
            row.first_name = set(first.1);
            row.last_name = set(last.1);
            row.picture = set(picture.1);
            row.updated_at = Set(now.0);
            row.update(tx).await?;
            Ok(())
        })
        .await
}

/// Refuses a text of one line that has control characters; `name` is the member it came in.
///
/// # Errors
///
/// 422 `invalid_body`.
pub fn check_text(name: &str, text: &str) -> Result<(), Problem> {
    if text.chars().any(char::is_control) {
        return Err(Problem::invalid_body(format!(
            "{name}: no control characters are expected"
        )));
    }
    Ok(())
}

/// Notes that the caller finished the first steps, and gives when she first did.
pub async fn complete_onboarding(store: &Store, caller: &Caller, now: UnixMillis) -> Result<i64, Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            users::Entity::update_many()
                .col_expr(users::Column::OnboardingCompletedAt, now.0.into())
                .col_expr(users::Column::UpdatedAt, now.0.into())
                .filter(users::Column::Id.eq(caller.user.id))
                .filter(users::Column::OnboardingCompletedAt.is_null())
                .exec(tx)
                .await?;
            let user = users::Entity::find_by_id(caller.user.id).one(tx).await?;
            Ok(user.and_then(|user| user.onboarding_completed_at).unwrap_or(now.0))
        })
        .await
}
