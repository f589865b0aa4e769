//! Request bodies: bounded, JSON, and refused with the place where they do not fit.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use poem::{FromRequest, Request, RequestBody, http::StatusCode};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{Json, Payload as _},
    registry::{MetaMediaType, MetaRequest, Registry},
    types::{ParseFromJSON, Type},
};
use serde::de::DeserializeOwned;

use super::problem::{Problem, plain, unsupported_media_type};
use crate::app::App;

/// How much of a body an operation reads, and how long that may take.
pub trait Limit: Send + Sync + 'static {
    /// How long a body may take to come.
    const WITHIN: Duration;

    /// The longest body, in bytes.
    fn bytes(app: &App) -> usize;
}

/// Ordinary operations: 1 MiB within 30 seconds.
#[derive(Debug)]
pub struct Ordinary;

impl Limit for Ordinary {
    const WITHIN: Duration = Duration::from_secs(30);

    fn bytes(_: &App) -> usize {
        1024 * 1024
    }
}

/// A JSON body of the shape `T`, as long as `L` says at most.
#[derive(Debug)]
pub struct Body<T, L = Ordinary>(pub T, PhantomData<L>);

/// A JSON body of the shape `T`, or none at all.
#[derive(Debug)]
pub struct OptionalBody<T, L = Ordinary>(pub Option<T>, PhantomData<L>);

async fn read<T: ParseFromJSON + DeserializeOwned, L: Limit>(
    request: &Request,
    body: &mut RequestBody,
) -> Result<Option<T>, Problem> {
    let app = request
        .data::<Arc<App>>()
        .ok_or_else(|| Problem::internal("the application is not mounted"))?;
    let bytes = read_within(request, body, L::bytes(app), L::WITHIN).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    check_content_type(request)?;
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad_request("malformed_json", format!("The body is not JSON ({place})."))
    })?;
    // Serde is strict about types where poem-openapi takes a number for a text; that in turn knows the validators.
    serde_path_to_error::deserialize::<_, T>(&value).map_err(|error| {
        let (place, reason) = (error.path().to_string(), error.inner().to_string());
        // "invalid type: …, expected …" repeats the value, which may be a code or a key.
        let reason = match reason.split_once(", expected ") {
            Some((what, wanted)) if what.starts_with("invalid ") => format!("expected {wanted}"),
            _ => reason,
        };
        Problem::invalid_body(plain(&format!("{place}: {reason}")))
    })?;
    T::parse_from_json(Some(value))
        .map(Some)
        .map_err(|error| Problem::invalid_body(plain(&error.into_message())))
}

/// Reads at most `limit` bytes of a body.
///
/// # Errors
///
/// 413 when it is longer, 408 when it takes longer than 30 seconds, 400 when the connection breaks before its end.
pub async fn read_bytes(request: &Request, body: &mut RequestBody, limit: usize) -> Result<Vec<u8>, Problem> {
    read_within(request, body, limit, Ordinary::WITHIN).await
}

async fn read_within(
    request: &Request,
    body: &mut RequestBody,
    limit: usize,
    within: Duration,
) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too long.");
    let announced = request
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let Ok(body) = <poem::Body as FromRequest>::from_request(request, body).await else {
        return Ok(Vec::new());
    };
    match tokio::time::timeout(within, body.into_bytes_limit(limit)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(poem::error::ReadBodyError::PayloadTooLarge)) => Err(too_large()),
        Err(_) => {
            let message = "The body did not come in time.";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message))
        }
        Ok(Err(_)) => Err(Problem::bad_request("bad_request", "The body broke off.")),
    }
}

/// Refuses every content type but JSON: `application/json` or `application/…+json`, with or without parameters.
pub fn check_content_type(request: &Request) -> Result<(), Problem> {
    match request.content_type() {
        Some(content_type) if Json::<serde_json::Value>::check_content_type(content_type) => Ok(()),
        _ => Err(unsupported_media_type()),
    }
}

macro_rules! document {
    ($type:ident, $required:literal, |$read:ident| $finish:expr) => {
        impl<'a, T: ParseFromJSON + DeserializeOwned, L: Limit> ApiExtractor<'a> for $type<T, L> {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                <T as Type>::register(registry);
            }

            fn request_meta() -> Option<MetaRequest> {
                Some(MetaRequest {
                    description: None,
                    content: vec![MetaMediaType {
                        content_type: Json::<T>::CONTENT_TYPE,
                        schema: T::schema_ref(),
                    }],
                    required: $required,
                })
            }

            async fn from_request(
                request: &'a Request,
                body: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> poem::Result<Self> {
                let $read: Option<T> = read::<T, L>(request, body).await?;
                Ok(Self($finish, PhantomData))
            }
        }
    };
}

document!(Body, true, |read| read
    .ok_or_else(|| Problem::bad_request("malformed_json", "The body is empty."))?);
document!(OptionalBody, false, |read| read);
