//! What goes wrong, as it is answered.
//!
//! A [`Problem`] keeps three things apart: the status and code for programs, the message for
//! people, and the cause for the log. The cause never leaves the server.

use std::borrow::Cow;

use parchment_core::{
    api::{error::ErrorBody, rotation::LeftBehind},
    refusal::{Class, Code, Refusal},
};
use poem::{IntoResponse, Response, http::StatusCode};

use crate::store::StoreError;

/// A refusal or failure on its way to the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    retry_after: Option<u64>,
    /// What a rotation left behind.
    missing: Option<Box<LeftBehind>>,
    /// Only a server that could not be authenticated is told the protocol versions (http-api, inbox).
    tells_versions: bool,
}

impl Problem {
    /// A problem with a stable code and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            retry_after: None,
            missing: None,
            tells_versions: false,
        }
    }

    /// 400.
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401 for callers who are not signed in.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed_out", "Sign in first.")
    }

    /// 403.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 409.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 422 for a body or parameter that does not fit.
    pub fn invalid_body(message: impl Into<Cow<'static, str>>) -> Self {
        Self::unprocessable("invalid_body", message)
    }

    /// 422.
    pub fn unprocessable(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 422 `rotation_incomplete`: what a commit left behind nobody could read afterwards.
    pub fn rotation_incomplete(missing: LeftBehind) -> Self {
        Self {
            missing: Some(Box::new(missing)),
            ..Self::unprocessable(
                "rotation_incomplete",
                "The commit leaves behind what nobody could read afterwards; carry it or name it in drop.",
            )
        }
    }

    /// 429 with the seconds after which trying again makes sense.
    pub fn too_many(message: impl Into<Cow<'static, str>>, retry_after_seconds: u64) -> Self {
        Self {
            retry_after: Some(retry_after_seconds.max(1)),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message)
        }
    }

    /// 502: the other server did not do what it should.
    pub fn bad_gateway(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, code, message)
    }

    /// 500; the cause goes to the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "an internal failure");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on this server.",
        )
    }

    /// The same under another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Problem {}

impl From<sea_orm::DbErr> for Problem {
    fn from(error: sea_orm::DbErr) -> Self {
        StoreError::from(error).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(%error, "the database is unavailable");
            return Self {
                retry_after: Some(2),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment.")
            };
        }
        Self::internal(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.code().class().status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self {
            tells_versions: refusal.code().class() == Class::Unauthenticated,
            // What is under way takes no longer than that, mostly.
            retry_after: matches!(refusal.code(), Code::Busy | Code::Unavailable).then_some(1),
            ..Self::new(status, refusal.code().as_str(), refusal.detail().to_owned())
        }
    }
}

/// The code of a refusal, left with its answer for the log.
#[derive(Debug, Clone, Copy)]
pub struct ProblemCode(pub &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            message: self.message.into_owned(),
            code: self.code.to_owned(),
            supported_protocol_versions: self.tells_versions.then(|| vec![2]),
            missing: self.missing.map(|missing| *missing),
        };
        let mut response = poem::web::Json(body).with_status(self.status).into_response();
        response.set_data(ProblemCode(self.code));
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(poem::http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        let status = problem.status;
        let code = ProblemCode(problem.code);
        let mut error = poem::Error::from_response(problem.clone().into_response());
        error.set_data(code);
        error.set_error_message(format!("{status}: {problem}"));
        error
    }
}

/// Turns the framework's own refusals into problems, so that every error body has one shape.
pub async fn from_framework(error: poem::Error) -> Response {
    // An error's own data would end with it.
    let code = error.data::<ProblemCode>().copied();
    let mut response = if error.is_from_response() {
        error.into_response()
    } else {
        to_problem(error).into_response()
    };
    if let Some(code) = code {
        response.set_data(code);
    }
    response
}

fn to_problem(error: poem::Error) -> Problem {
    use poem_openapi::error::{ContentTypeError, ParseParamError, ParseRequestPayloadError};

    if error.is::<poem::error::ParsePathError>() {
        Problem::not_found("There is nothing here.")
    } else if error.is::<ContentTypeError>() {
        unsupported_media_type()
    } else if let Some(error) = error.downcast_ref::<ParseParamError>() {
        Problem::invalid_body(format!(
            "The parameter {} does not fit: {}.",
            error.name,
            plain(&error.reason)
        ))
    } else if let Some(error) = error.downcast_ref::<ParseRequestPayloadError>() {
        Problem::invalid_body(plain(&error.reason))
    } else {
        match error.status() {
            StatusCode::NOT_FOUND => Problem::not_found("There is nothing here."),
            StatusCode::METHOD_NOT_ALLOWED => Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path has other methods.",
            ),
            status if status.is_client_error() => Problem::new(status, "bad_request", "The request cannot be read."),
            _ => Problem::internal(error),
        }
    }
}

/// 415.
pub fn unsupported_media_type() -> Problem {
    let message = "The content type of a body is application/json.";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}

/// A parser's words with the caller's own text cut short: a sentence, not an echo.
pub fn plain(reason: &str) -> String {
    let mut text: String = reason
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    if text.len() < reason.len() {
        text.push('…');
    }
    text
}
