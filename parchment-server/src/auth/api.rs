//! The HTTP face of signing in.

use std::sync::Arc;

use parchment_core::api::{
    Time,
    auth::{
        CurrentSession, EndOthersRequest, Permissions, Session, SignInMethod, SignInRequest, SignInResponse,
        Subscription, User, VerifyRequest,
    },
};
use poem::{Request, http::header, web::Data};
use poem_openapi::{ApiResponse, OpenApi, param::Path, payload::Json};
use sea_orm::prelude::Uuid;

use super::{
    caller::{Caller, MaybeCaller},
    codes::{self, Recipient},
    cookie,
    permissions::Held,
    sessions::{self, NewSession, Token},
    signing_out,
};
use crate::{
    app::App,
    config::Switch,
    http::{
        answer::{Done, Fails, SignedOut, refusals},
        body::Body,
        client,
        problem::Problem,
        tag::Tag,
    },
    store::entities::{sessions as session_rows, users},
    vault::device_secrets,
};

refusals! {
    VerifyRefusals + body {
        422: "No mail address, or an unknown member: `invalid_body`.",
        429: "This address or this client asks too often; see Retry-After: `too_many_requests`.",
    }
    SignInRefusals + body {
        401: "The code is wrong, used up or not the latest one: `otp_invalid`; it is right and came too late: `otp_expired`.",
    }
    AlwaysAnswers {}
    EndOthersRefusals + body {
        401: "No live session: `signed_out`.",
        422: "Not 8 to 64 letters, digits and hyphens: `invalid_device_id`. An unknown member, or none: `invalid_body`.",
    }
    EndSessionRefusals {
        401: "No live session: `signed_out`.",
        404: "No such session of the caller: `not_found`.",
    }
}

/// A code is on its way, or would be if the address were known.
#[derive(ApiResponse)]
pub enum CodeSent {
    /// A code is on its way, unless the address is unknown and registration is by invitation.
    #[oai(status = 201)]
    Sent,
}

/// Somebody signed in.
#[derive(ApiResponse)]
pub enum SignedIn {
    /// Signed in. The cookie is set unless the request carries an Authorization header.
    #[oai(status = 201)]
    Session(Json<SignInResponse>, #[oai(header = "Set-Cookie")] Option<String>),
}

/// Who is asking, or nobody.
#[derive(ApiResponse)]
#[allow(clippy::large_enum_variant, reason = "made once a request and written at once")]
pub enum Current {
    /// Signed in.
    #[oai(status = 200)]
    Session(Json<CurrentSession>),
    /// Signed out.
    #[oai(status = 204)]
    SignedOut,
}

/// Signed out.
#[derive(ApiResponse)]
pub enum SignedOutNow {
    /// Signed out, now or before; the cookie is cleared.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] String),
}

/// Sign-in codes and sessions.
#[derive(Debug)]
pub struct AuthApi;

#[OpenApi(prefix_path = "/auth")]
impl AuthApi {
    /// Ask for a sign-in code
    ///
    /// Mails a code of 8 digits that is good for 15 minutes and one use; it replaces an earlier one. The answer is
    /// the same whether or not the address is known.
    #[oai(path = "/verify", method = "post", tag = "Tag::Auth", operation_id = "requestCode")]
    async fn verify(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        body: Body<VerifyRequest>,
    ) -> Result<CodeSent, Fails<VerifyRefusals>> {
        let email = body.0.email;
        let client = client::limit_key(request, &app.settings.trusted_proxies);
        let limited = app.settings.rate_limits == Switch::On;
        let recipient = codes::issue(
            &app.store,
            &app.codes,
            app.settings.registration,
            &email,
            &client,
            limited,
            app.now(),
        )
        .await?;
        if let Recipient::Mail { to, code } = recipient {
            app.mailer.send_code(to, code);
        }
        Ok(CodeSent::Sent)
    }

    /// Sign in
    ///
    /// Exchanges a code for a session of 30 days, which use extends. In open registration an unknown address becomes
    /// an account; the very first account runs the server. The token is shown this once.
    #[oai(path = "/sessions", method = "post", tag = "Tag::Auth", operation_id = "signIn")]
    async fn sign_in(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        body: Body<SignInRequest>,
    ) -> Result<SignedIn, Fails<SignInRefusals>> {
        let SignInRequest {
            method,
            email,
            token: code,
        } = body.0;
        if method == SignInMethod::Passkey {
            let message = "No tickets are issued; use the passkey operations.";
            return Err(Problem::new(poem::http::StatusCode::UNAUTHORIZED, "otp_invalid", message).into());
        }
        let session = new_session(&app, request);
        let token = session.token.clone();
        let user = codes::redeem(
            &app.store,
            &app.codes,
            app.settings.registration,
            &email,
            &code,
            session,
            app.now(),
        )
        .await?;
        Ok(signed_in(&app, request, &token, user))
    }

    /// Sign out
    ///
    /// Ends the caller's session and clears the cookie.
    #[oai(path = "/sessions", method = "delete", tag = "Tag::Auth", operation_id = "signOut")]
    async fn sign_out(&self, app: Data<&Arc<App>>, caller: MaybeCaller) -> Result<SignedOutNow, Fails<AlwaysAnswers>> {
        if let Some(caller) = caller.0 {
            sessions::end(&app.store, caller.user.id, caller.session.id).await?;
        }
        Ok(SignedOutNow::Done(cookie::clear(&app.settings.public_origin)))
    }

    /// List sessions
    ///
    /// All live sessions of the caller, newest first.
    #[oai(path = "/sessions", method = "get", tag = "Tag::Auth", operation_id = "listSessions")]
    async fn list(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Vec<Session>>, Fails<SignedOut>> {
        let rows = sessions::list(&app.store, caller.user.id, app.now()).await?;
        Ok(Json(
            rows.into_iter().map(|row| to_session(row, caller.session.id)).collect(),
        ))
    }

    /// Who is signed in
    ///
    /// The caller with her session; 204 when signed out.
    #[oai(
        path = "/sessions/current",
        method = "get",
        tag = "Tag::Auth",
        tag = "Tag::Users",
        operation_id = "currentSession"
    )]
    async fn current(&self, caller: MaybeCaller) -> Result<Current, Fails<AlwaysAnswers>> {
        Ok(match caller.0 {
            None => Current::SignedOut,
            Some(caller) => Current::Session(Json(CurrentSession {
                token: caller.bearer.map(|token| token.as_str().to_owned()),
                user: to_user(caller.user),
                subscription: Subscription::included(),
            })),
        })
    }

    /// What the caller may do
    ///
    /// The permissions that the caller holds, by her roles or as everybody does, and those roles.
    #[oai(
        path = "/sessions/current/permissions",
        method = "get",
        tag = "Tag::Auth",
        operation_id = "currentPermissions"
    )]
    async fn permissions(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<Json<Permissions>, Fails<SignedOut>> {
        let held = Held::by(app.store.reader(), caller.user.id).await?;
        Ok(Json(Permissions {
            permissions: held.permissions().iter().map(|one| one.id().to_owned()).collect(),
            roles: held.roles().to_vec(),
            subscription: Subscription::included(),
        }))
    }

    /// Sign out everywhere
    ///
    /// Ends every session of the caller, this one too, and clears the cookie. The secrets of all her devices change, and
    /// open transfers between devices are over.
    #[oai(
        path = "/sessions/all",
        method = "delete",
        tag = "Tag::Auth",
        operation_id = "endAllSessions"
    )]
    async fn end_all(&self, app: Data<&Arc<App>>, caller: Caller) -> Result<SignedOutNow, Fails<SignedOut>> {
        signing_out::everywhere(&app.store, &caller, app.now()).await?;
        Ok(SignedOutNow::Done(cookie::clear(&app.settings.public_origin)))
    }

    /// Sign out everywhere else
    ///
    /// Ends every session of the caller but the one this request is made with. The secrets of all her devices but the
    /// named one change, and open transfers between devices are over.
    #[oai(
        path = "/sessions/others",
        method = "delete",
        tag = "Tag::Auth",
        operation_id = "endOtherSessions"
    )]
    async fn end_others(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        body: Body<EndOthersRequest>,
    ) -> Result<Done, Fails<EndOthersRefusals>> {
        device_secrets::check_device(&body.0.device_id)?;
        signing_out::everywhere_else(&app.store, &caller, &body.0.device_id, app.now()).await?;
        Ok(Done::NoContent)
    }

    /// End a session
    ///
    /// Ends one of the caller's sessions, such as that of a lost device.
    #[oai(
        path = "/sessions/:sessionId",
        method = "delete",
        tag = "Tag::Auth",
        operation_id = "endSession"
    )]
    async fn end(
        &self,
        app: Data<&Arc<App>>,
        caller: Caller,
        /// The id of the session, from the list.
        #[oai(name = "sessionId")]
        session_id: Path<String>,
    ) -> Result<Done, Fails<EndSessionRefusals>> {
        let ended = match session_id.0.parse::<Uuid>() {
            Ok(id) => sessions::end(&app.store, caller.user.id, id).await?,
            Err(_) => false,
        };
        if !ended {
            return Err(Problem::not_found("You have no such session.").into());
        }
        Ok(Done::NoContent)
    }
}

/// A session about to begin for whoever sends a request.
pub(super) fn new_session(app: &App, request: &Request) -> NewSession {
    NewSession {
        token: Token::draw(),
        address: client::address(request, &app.settings.trusted_proxies).to_string(),
        user_agent: request
            .header(header::USER_AGENT)
            .map(|agent| agent.chars().take(256).collect()),
    }
}

/// The answer to somebody who has signed in, however she did.
pub(super) fn signed_in(app: &App, request: &Request, token: &Token, user: users::Model) -> SignedIn {
    let with_cookie = !request.headers().contains_key(header::AUTHORIZATION);
    SignedIn::Session(
        Json(SignInResponse {
            token: token.as_str().to_owned(),
            user: to_user(user),
        }),
        with_cookie.then(|| cookie::set(token.as_str(), &app.settings.public_origin)),
    )
}

/// A user as she sees herself.
fn to_user(user: users::Model) -> User {
    use parchment_core::encoding::encode;
    User {
        id: user.id.to_string(),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        picture: user.picture,
        alias: user.alias,
        signing_key: user.signing_key.as_deref().map(encode),
        encryption_key: user.encryption_key.as_deref().map(encode),
        km_version: user.km_version,
        onboarding_completed_at: user.onboarding_completed_at.map(Time::from_millis),
        created_at: Time::from_millis(user.created_at),
        updated_at: Time::from_millis(user.updated_at),
    }
}

fn to_session(row: session_rows::Model, current: Uuid) -> Session {
    Session {
        id: row.id.to_string(),
        user_id: row.user_id.to_string(),
        created_at: Time::from_millis(row.created_at),
        expires_at: Time::from_millis(row.expires_at),
        ipv4: row.ipv4,
        user_agent: row.user_agent,
        current: row.id == current,
    }
}
