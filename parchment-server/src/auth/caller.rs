//! The caller of a request, as operations take it.
//!
//! An operation that takes a [`Caller`] needs a session, one that takes a [`MaybeCaller`] works
//! without; the document says so because these types do.

use std::sync::Arc;

use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{cookie, renewal::Renewal, sessions};
use crate::{
    app::App,
    http::{cross_origin, problem::Problem},
    store::entities::{sessions as session_rows, users},
};

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Caller {
    /// Who she is.
    pub user: users::Model,
    /// The session she calls with.
    pub session: session_rows::Model,
    /// The token, where it came in the header.
    pub bearer: Option<sessions::Token>,
}

/// Somebody who may be signed in.
#[derive(Debug)]
pub struct MaybeCaller(pub Option<Caller>);

async fn authenticate(request: &Request) -> Result<Option<Caller>, Problem> {
    let app = request
        .data::<Arc<App>>()
        .ok_or_else(|| Problem::internal("the application is not mounted"))?;
    let (token, in_header) = match bearer(request) {
        Some(token) => (token.to_owned(), true),
        None => match cookie::read(request) {
            Some(token)
                if cross_origin::may_use_cookie(request, &app.settings.public_origin, app.settings.client_origin()) =>
            {
                (token, false)
            }
            _ => return Ok(None),
        },
    };
    let now = app.now();
    let Some((session, user)) = sessions::find(&app.store, &app.recent_sessions, &token, now).await? else {
        return Ok(None);
    };
    if sessions::wants_extension(&session, now) {
        match sessions::extend(&app.store, session.id, now).await {
            Ok(()) if !in_header => Renewal::set(request, cookie::set(&token, &app.settings.public_origin)),
            Ok(()) => {}
            // The session is good all the same; the next request tries again.
            Err(error) => tracing::warn!(%error, "a session was not extended"),
        }
    }
    let bearer = in_header.then(|| sessions::Token::presented(token));
    Ok(Some(Caller { user, session, bearer }))
}

/// The token that a request presents, by header or cookie, before anything is known of it.
pub fn presented_token(request: &Request) -> Option<String> {
    bearer(request).map(str::to_owned).or_else(|| cookie::read(request))
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

const BEARER: &str = "bearer";
const SESSION_COOKIE: &str = "sessionCookie";

fn register(registry: &mut Registry) {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    registry.create_security_scheme(
        BEARER,
        MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme(
                "http",
                "The session token in the Authorization header; needs no Origin.",
            )
        },
    );
    registry.create_security_scheme(
        SESSION_COOKIE,
        MetaSecurityScheme {
            name: Some(cookie::NAME),
            key_in: Some("cookie"),
            ..scheme(
                "apiKey",
                "The session token in the cookie that signing in sets. A request that changes something must carry an \
                 Origin that is this server's or the client's, else it counts as signed out.",
            )
        },
    );
}

macro_rules! extract {
    ($type:ident, $optional:literal, |$caller:ident| $finish:expr) => {
        impl<'a> ApiExtractor<'a> for $type {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register(registry);
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![BEARER, SESSION_COOKIE]
            }

            fn has_security_fallback() -> bool {
                $optional
            }

            async fn from_request(
                request: &'a Request,
                _: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> poem::Result<Self> {
                let $caller = authenticate(request).await?;
                Ok($finish)
            }
        }
    };
}

extract!(Caller, false, |caller| caller.ok_or_else(Problem::signed_out)?);
extract!(MaybeCaller, true, |caller| Self(caller));
