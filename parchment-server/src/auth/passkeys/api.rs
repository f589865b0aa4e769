//! The HTTP face of passkeys.

use std::sync::Arc;

use parchment_core::api::passkeys::{
    Passkey, PasskeyAssertion, PasskeyCreationOptions, PasskeyRegistration, PasskeyRequestOptions,
};
use poem::{Request, http::header, web::Data};
use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::{RelyingParty, registration, responses, sign_in, stored};
use crate::{
    app::App,
    auth::{
        api::{SignedIn, new_session, signed_in},
        caller::Caller,
    },
    http::{
        answer::{Done, Fails, SignedOut, refusals},
        body::Body,
        client,
        problem::Problem,
        tag::Tag,
    },
    random,
};

refusals! {
    BeginRegistrationRefusals {
        401: "No live session: `signed_out`.",
        409: "As many passkeys as an account may have: `too_many_passkeys`. \
              The client is reached by an address, not by a name: `passkeys_unavailable`.",
        429: "Asked for too often; see Retry-After: `too_many_requests`.",
    }
    FinishRegistrationRefusals + body {
        401: "No live session: `signed_out`. No live challenge of this user's: `challenge_not_found`. \
              What the authenticator says does not verify, or the passkey is registered already: \
              `passkey_verification_failed`.",
        409: "As many passkeys as an account may have: `too_many_passkeys`. \
              The client is reached by an address, not by a name: `passkeys_unavailable`.",
        422: "A member is missing, of another type or not base64url: `invalid_body`. \
              The answer contains a PRF output, which the client must keep to itself: `prf_output_sent`.",
    }
    BeginSignInRefusals {
        409: "The client is reached by an address, not by a name: `passkeys_unavailable`.",
        429: "This client asks too often; see Retry-After: `too_many_requests`.",
    }
    FinishSignInRefusals + body {
        401: "No live challenge: `challenge_not_found`. No such passkey: `passkey_not_found`. The signature, or what \
              it is for, does not verify, or the counter went back: `passkey_verification_failed`.",
        409: "The client is reached by an address, not by a name: `passkeys_unavailable`.",
        422: "A member is missing, of another type or not base64url: `invalid_body`. \
              The answer contains a PRF output, which the client must keep to itself: `prf_output_sent`.",
    }
    DeleteRefusals {
        401: "No live session: `signed_out`.",
        404: "No such passkey of the caller: `not_found`.",
    }
    PrfRefusals {
        401: "No live session: `signed_out`.",
        404: "No such passkey of the caller: `not_found`.",
        409: "The client is reached by an address, not by a name: `passkeys_unavailable`.",
        429: "Asked for too often; see Retry-After: `too_many_requests`.",
    }
}

/// Passkeys.
#[derive(Debug)]
pub struct PasskeysApi;

#[OpenApi(prefix_path = "/auth")]
impl PasskeysApi {
    /// Begin to register a passkey
    ///
    /// Gives the options for `navigator.credentials.create()`, with a challenge that is good once within five minutes.
    #[oai(
        path = "/passkeys/register/options",
        method = "post",
        tag = "Tag::Auth",
        operation_id = "beginPasskeyRegistration"
    )]
    async fn begin_registration(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
    ) -> Result<Json<PasskeyCreationOptions>, Fails<BeginRegistrationRefusals>> {
        count(&app, "register", &caller)?;
        let options = registration::begin(&app.store, relying_party(&app)?, &caller, app.now()).await?;
        Ok(Json(options))
    }

    /// Register a passkey
    ///
    /// Takes what `navigator.credentials.create()` gave, as `toJSON()` writes it, with or without a name for the
    /// passkey. The client deletes `clientExtensionResults.prf.results` before: that is its secret.
    #[oai(
        path = "/passkeys/register/verify",
        method = "post",
        tag = "Tag::Auth",
        operation_id = "registerPasskey"
    )]
    async fn finish_registration(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        caller: Caller,
        body: Body<PasskeyRegistration>,
    ) -> Result<Json<Passkey>, Fails<FinishRegistrationRefusals>> {
        let agent = request.header(header::USER_AGENT);
        let relying_party = relying_party(&app)?;
        let row = registration::finish(&app.store, relying_party, &caller, body.0, agent, app.now()).await?;
        Ok(Json(stored::to_passkey(row)))
    }

    /// Begin to sign in with a passkey
    ///
    /// Gives the options for `navigator.credentials.get()`, for whichever passkey the user has, with a challenge that
    /// is good once within five minutes.
    #[oai(
        path = "/passkeys/authenticate/options",
        method = "post",
        tag = "Tag::Auth",
        operation_id = "beginPasskeySignIn"
    )]
    async fn begin_sign_in(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
    ) -> Result<Json<PasskeyRequestOptions>, Fails<BeginSignInRefusals>> {
        let client = client::limit_key(request, &app.settings.trusted_proxies);
        app.traffic.passkey_sign_ins.count(&client)?;
        let options = sign_in::begin(&app.store, relying_party(&app)?, app.now()).await?;
        Ok(Json(options))
    }

    /// Sign in with a passkey
    ///
    /// Takes what `navigator.credentials.get()` gave, as `toJSON()` writes it, and opens a session as signing in with a
    /// code does. The client deletes `clientExtensionResults.prf.results` before: that is its secret.
    #[oai(
        path = "/passkeys/authenticate/verify",
        method = "post",
        tag = "Tag::Auth",
        operation_id = "signInWithPasskey"
    )]
    async fn finish_sign_in(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        body: Body<PasskeyAssertion>,
    ) -> Result<SignedIn, Fails<FinishSignInRefusals>> {
        let session = new_session(&app, request);
        let token = session.token.clone();
        let user = sign_in::finish(&app.store, relying_party(&app)?, &body.0, session, app.now()).await?;
        Ok(signed_in(&app, request, &token, user))
    }

    /// List passkeys
    ///
    /// All passkeys of the caller, newest first.
    #[oai(path = "/passkeys", method = "get", tag = "Tag::Auth", operation_id = "listPasskeys")]
    async fn list(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Vec<Passkey>>, Fails<SignedOut>> {
        let rows = stored::list(app.store.reader(), caller.user.id).await?;
        Ok(Json(rows.into_iter().map(stored::to_passkey).collect()))
    }

    /// Delete a passkey
    ///
    /// It signs in no more, and what is wrapped for it goes too. Sessions that it opened stay.
    #[oai(
        path = "/passkeys/:passkeyId",
        method = "delete",
        tag = "Tag::Auth",
        operation_id = "deletePasskey"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the passkey, from the list.
        #[oai(name = "passkeyId")]
        passkey_id: Path<String>,
    ) -> Result<Done, Fails<DeleteRefusals>> {
        stored::delete(&app.store, &caller, responses::decode(&passkey_id.0)).await?;
        Ok(Done::NoContent)
    }

    /// Options for a PRF output
    ///
    /// Gives the options for `navigator.credentials.get()` with any of the caller's passkeys that a recovery slot
    /// is wrapped for, for the PRF output that opens it. The answer is the client's alone: nothing of it is sent here.
    #[oai(
        path = "/passkeys/prf-assert/options",
        method = "post",
        tag = "Tag::Auth",
        operation_id = "prfAssertOptions"
    )]
    async fn prf_assert(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
    ) -> Result<Json<PasskeyRequestOptions>, Fails<PrfRefusals>> {
        count(&app, "prf-assert", &caller)?;
        let rows = stored::unlocking(app.store.reader(), caller.user.id).await?;
        Ok(Json(prf_options(&app, &rows)?))
    }

    /// Options to enrol one passkey
    ///
    /// Gives the options for `navigator.credentials.get()` with this passkey, for the PRF output to wrap something
    /// under. The answer is the client's alone: nothing of it is sent here.
    #[oai(
        path = "/passkeys/:credentialId/prf-enroll/options",
        method = "post",
        tag = "Tag::Auth",
        operation_id = "prfEnrollOptions"
    )]
    async fn prf_enroll(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the passkey, from the list.
        #[oai(name = "credentialId")]
        credential_id: Path<String>,
    ) -> Result<Json<PasskeyRequestOptions>, Fails<PrfRefusals>> {
        count(&app, "prf-enroll", &caller)?;
        let id = responses::decode(&credential_id.0);
        let row = stored::find(app.store.reader(), caller.user.id, id).await?;
        Ok(Json(prf_options(&app, &[row])?))
    }
}

fn relying_party(app: &App) -> Result<&RelyingParty, Problem> {
    app.relying_party.as_ref().ok_or_else(|| {
        let message = "Browsers take no passkeys for an address: this server needs a client origin with a name, such as \
                       localhost.";
        Problem::conflict("passkeys_unavailable", message)
    })
}

/// Counts one more time that the caller asks for the options of one operation.
fn count(app: &App, operation: &str, caller: &Caller) -> Result<(), Problem> {
    app.traffic
        .passkey_options
        .count(&format!("{operation} {}", caller.user.id))
}

/// Options with a challenge that is good for nothing here: no row remembers it, since nobody sends the answer.
fn prf_options(app: &App, rows: &[crate::store::entities::passkeys::Model]) -> Result<PasskeyRequestOptions, Problem> {
    let allowed = rows.iter().map(stored::to_descriptor).collect();
    Ok(relying_party(app)?.request(&random::bytes::<32>(), Some(allowed)))
}
