//! Registering a passkey.

use parchment_core::{
    api::passkeys::{PasskeyCreationOptions, PasskeyRegistration},
    time::UnixMillis,
};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set};

use super::{
    challenges::{self, Purpose},
    names,
    relying_party::RelyingParty,
    responses,
    stored::{self, Attested},
    verification_failed,
};
use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    store::{Store, entities::passkeys, is_unique_violation},
};

/// A credential id has at least 16 bytes, of which 100 bits are random (WebAuthn level 3, section 4).
const SHORTEST_ID: usize = 16;

/// Begins a registration for the caller.
///
/// # Errors
///
/// 409 when she has as many passkeys as an account may have; 401 when the session has ended by now.
pub(super) async fn begin(
    store: &Store,
    relying_party: &RelyingParty,
    caller: &Caller,
    now: UnixMillis,
) -> Result<PasskeyCreationOptions, Problem> {
    let user = &caller.user;
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            stored::check_room(tx, user.id).await?;
            let existing = stored::list(tx, user.id).await?;
            let existing = existing
                .into_iter()
                .map(|row| (row.credential_id.clone(), stored::to_descriptor(&row)));
            let beginning = relying_party.begin_registration(user, existing.collect())?;
            let purpose = Purpose::Register(user.id);
            challenges::give_out(tx, beginning.challenge, purpose, beginning.state, now).await?;
            Ok(beginning.options)
        })
        .await
}

/// Verifies a new passkey of the caller's and stores it.
///
/// # Errors
///
/// 422 for what cannot be read, 401 for what does not verify, has no live challenge or is registered already, 409 when
/// she has as many passkeys as an account may have.
pub(super) async fn finish(
    store: &Store,
    relying_party: &RelyingParty,
    caller: &Caller,
    body: PasskeyRegistration,
    user_agent: Option<&str>,
    now: UnixMillis,
) -> Result<passkeys::Model, Problem> {
    let name = body.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().any(char::is_control)) {
        return Err(Problem::invalid_body("name: no control characters are expected"));
    }
    let answer = responses::registration(&body)?;
    let purpose = Purpose::Register(caller.user.id);
    let state = challenges::find(store, &answer.challenge, purpose, now).await?;
    let credential = relying_party.verify_registration(&answer.response, &state)?;
    let attested = Attested::read(&answer.response.response.attestation_object)
        .ok_or_else(|| verification_failed("The attestation object has no passkey that can be stored."))?;
    if credential.cred_id.len() < SHORTEST_ID {
        return Err(verification_failed(
            "The passkey's id is too short to be told from others.",
        ));
    }
    let row = passkeys::Model {
        credential_id: credential.cred_id,
        user_id: caller.user.id,
        name: name.map_or_else(
            || names::name_for(attested.aaguid, user_agent).to_owned(),
            str::to_owned,
        ),
        public_key: attested.public_key,
        counter: credential.counter.into(),
        backup_eligible: credential.backup_eligible,
        backed_up: credential.backup_state,
        transports: stored::join_transports(body.response.transports.as_deref().unwrap_or_default()),
        created_at: now.0,
        last_used_at: None,
    };
    // That it can be read again shows now or at the next sign-in.
    stored::to_credential(&row)?;
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            challenges::take(tx, &answer.challenge, purpose, now).await?;
            stored::check_room(tx, caller.user.id).await?;
            match new(row).insert(tx).await {
                Ok(row) => Ok(row),
                Err(error) if is_unique_violation(&error) => {
                    Err(verification_failed("This passkey is registered already."))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
}

/// A row with every column set, for an insertion.
fn new(row: passkeys::Model) -> passkeys::ActiveModel {
    passkeys::ActiveModel {
        credential_id: Set(row.credential_id),
        user_id: Set(row.user_id),
        name: Set(row.name),
        public_key: Set(row.public_key),
        counter: Set(row.counter),
        backup_eligible: Set(row.backup_eligible),
        backed_up: Set(row.backed_up),
        transports: Set(row.transports),
        created_at: Set(row.created_at),
        last_used_at: Set(row.last_used_at),
    }
}
