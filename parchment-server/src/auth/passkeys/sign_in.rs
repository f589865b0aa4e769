//! Signing in with a passkey.

use parchment_core::{
    api::passkeys::{PasskeyAssertion, PasskeyRequestOptions},
    time::UnixMillis,
};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, ConnectionTrait, EntityTrait as _};
use webauthn_rs::prelude::AuthenticationResult;

use super::{
    challenges::{self, Purpose},
    passkey_not_found,
    relying_party::{RelyingParty, counter_went_back},
    responses,
};
use crate::{
    auth::sessions::{self, NewSession},
    http::problem::Problem,
    store::{
        Store,
        entities::{passkeys, users},
    },
};

/// Begins a sign-in; who it is shows at the end.
pub(super) async fn begin(
    store: &Store,
    relying_party: &RelyingParty,
    now: UnixMillis,
) -> Result<PasskeyRequestOptions, Problem> {
    let beginning = relying_party.begin_sign_in()?;
    store
        .write(async |tx| challenges::give_out(tx, beginning.challenge, Purpose::SignIn, beginning.state, now).await)
        .await?;
    Ok(beginning.options)
}

/// Verifies an assertion and opens a session for the passkey's user.
///
/// # Errors
///
/// 422 for what cannot be read; 401 `challenge_not_found`, `passkey_not_found` or `passkey_verification_failed`. Nothing
/// has changed then.
pub(super) async fn finish(
    store: &Store,
    relying_party: &RelyingParty,
    body: &PasskeyAssertion,
    session: NewSession,
    now: UnixMillis,
) -> Result<users::Model, Problem> {
    let answer = responses::assertion(body)?;
    let state = challenges::find(store, &answer.challenge, Purpose::SignIn, now).await?;
    let passkey = passkeys::Entity::find_by_id(answer.response.raw_id.clone())
        .one(store.reader())
        .await?
        .ok_or_else(passkey_not_found)?;
    let verified = relying_party.verify_sign_in(&answer.response, &state, &passkey)?;
    store
        .write(async |tx| {
            challenges::take(tx, &answer.challenge, Purpose::SignIn, now).await?;
            note_use(tx, &passkey, &verified, now).await?;
            // Whoever may not sign in is to be refused here, as in `codes::redeem`.
            let user = users::Entity::find_by_id(passkey.user_id).one(tx).await?;
            let user = user.ok_or_else(passkey_not_found)?;
            sessions::insert(tx, user.id, session, now).await?;
            Ok(user)
        })
        .await
}

/// Notes what a verified assertion says of its passkey.
async fn note_use(
    tx: &impl ConnectionTrait,
    verified_with: &passkeys::Model,
    verified: &AuthenticationResult,
    now: UnixMillis,
) -> Result<(), Problem> {
    // It may have been deleted since, and used again: then this counter has been seen.
    let row = passkeys::Entity::find_by_id(verified_with.credential_id.clone())
        .one(tx)
        .await?;
    let row = row
        .filter(|row| row.user_id == verified_with.user_id && row.public_key == verified_with.public_key)
        .ok_or_else(passkey_not_found)?;
    let counter = i64::from(verified.counter());
    if (counter > 0 || row.counter > 0) && counter <= row.counter {
        return Err(counter_went_back(&row));
    }
    let mut row = passkeys::ActiveModel::from(row);
    row.counter = Set(counter);
    row.backed_up = Set(verified.backup_state());
    row.last_used_at = Set(Some(now.0));
    row.update(tx).await?;
    Ok(())
}
