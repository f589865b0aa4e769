//! Request bodies: bounded, JSON, and refused with the place where they do not fit.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use poem::{FromRequest, Request, RequestBody, http::StatusCode};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    payload::{Json, Payload as _},
    registry::{MetaMediaType, MetaRequest, Registry},
    types::{ParseFromJSON, Type},
};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::{Problem, plain, unsupported_media_type};
use crate::app::App;

/// How much of a body an operation reads, and how long that may take.
pub trait Limit: Send + Sync + 'static {
    /// How long a body may take to come.
    const WITHIN: Duration;

    /// Whether the shape alone decides, so that the second reading, which knows the validators, is not needed.
    const SHAPE_DECIDES: bool = false;

    /// What is held from before the first byte is read until the request is done.
    type Held: Send + Sync + std::fmt::Debug;

    /// The longest body, in bytes.
    fn bytes(app: &App) -> usize;

    /// Waits until a body may be read.
    fn admit(app: &App, request: &Request) -> impl Future<Output = Result<Self::Held, Problem>> + Send;
}

/// Ordinary operations: 1 MiB within 30 seconds.
#[derive(Debug)]
pub struct Ordinary;

impl Limit for Ordinary {
    const WITHIN: Duration = Duration::from_secs(30);

    type Held = ();

    fn bytes(_: &App) -> usize {
        1024 * 1024
    }

    async fn admit(_: &App, _: &Request) -> Result<(), Problem> {
        Ok(())
    }
}

/// How deep a body may be nested.
const MAX_DEPTH: usize = 64;

/// Bodies longer than this are read on a thread of their own, so that requests beside them go on.
const LONG: usize = 64 * 1024;

/// A JSON body of the shape `T`, as long as `L` says at most.
#[derive(Debug)]
pub struct Body<T, L: Limit = Ordinary>(pub T, L::Held);

/// A JSON body of the shape `T`, or none at all.
#[derive(Debug)]
pub struct OptionalBody<T, L: Limit = Ordinary>(pub Option<T>, L::Held);

/// What can be read as a body.
pub trait Readable: ParseFromJSON + DeserializeOwned + Send + 'static {}

impl<T: ParseFromJSON + DeserializeOwned + Send + 'static> Readable for T {}

async fn read<T: Readable, L: Limit>(
    request: &Request,
    body: &mut RequestBody,
) -> Result<(Option<T>, L::Held), Problem> {
    let app = request
        .data::<Arc<App>>()
        .ok_or_else(|| Problem::internal("the application is not mounted"))?;
    let held = L::admit(app, request).await?;
    let bytes = read_within(request, body, L::bytes(app), L::WITHIN).await?;
    if bytes.is_empty() {
        return Ok((None, held));
    }
    check_content_type(request)?;
    let parsed = if bytes.len() > LONG {
        let parsed = tokio::task::spawn_blocking(move || parse::<T>(&bytes, L::SHAPE_DECIDES)).await;
        parsed.map_err(Problem::internal)?
    } else {
        parse(&bytes, L::SHAPE_DECIDES)
    };
    Ok((Some(parsed?), held))
}

/// Reads a body straight into its type: what does not fit costs no more memory than its bytes.
fn parse<T: Readable>(bytes: &[u8], shape_decides: bool) -> Result<T, Problem> {
    let malformed = |error: &serde_json::Error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad_request("malformed_json", format!("The body is not JSON ({place})."))
    };
    // That it is JSON to its end comes before whether it fits.
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem::bad_request("malformed_json", "The body is not JSON (it is not UTF-8)."))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error))?;
    if depth(bytes) > MAX_DEPTH {
        return Err(Problem::bad_request(
            "malformed_json",
            format!("The body is nested deeper than {MAX_DEPTH} levels."),
        ));
    }
    if has_nul(text) {
        return Err(Problem::invalid_body("The character U+0000 is expected in no text."));
    }
    // Serde is strict about types where poem-openapi takes a number for a text; that in turn knows the validators.
    let shaped = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text));
    let shaped = shaped.map_err(|error| {
        let (place, reason) = (error.path().to_string(), error.inner().to_string());
        // What is no text in JSON (half a surrogate pair) shows only where a text is read.
        if error.inner().is_syntax() && !reason.starts_with("expected value") {
            return malformed(error.inner());
        }
        // Where in the bytes is of no use to whoever wrote members.
        let reason = reason.rsplit_once(" at line ").map_or(&*reason, |(reason, _)| reason);
        // "invalid type: …, expected …" repeats the value, which may be a code or a key.
        let reason = match reason.split_once(", expected ") {
            Some((what, wanted)) if what.starts_with("invalid ") => format!("expected {wanted}"),
            _ => reason.to_owned(),
        };
        Problem::invalid_body(plain(&format!("{place}: {reason}")))
    })?;
    if shape_decides {
        return Ok(shaped);
    }
    let value = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    T::parse_from_json(Some(value)).map_err(|error| Problem::invalid_body(plain(&error.into_message())))
}

/// How deep the lists and objects of a JSON text lie in each other.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether a text of a JSON text has the character U+0000, which not every database can store.
///
/// It can be written in one way only, as an escape.
fn has_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before % 2 == 0
    })
}

/// Reads at most `limit` bytes of a body.
///
/// # Errors
///
/// 413 when it is longer, 408 when it takes longer than 30 seconds, 400 when the connection breaks before its end.
pub async fn read_bytes(request: &Request, body: &mut RequestBody, limit: usize) -> Result<Bytes, Problem> {
    read_within(request, body, limit, Ordinary::WITHIN).await
}

async fn read_within(
    request: &Request,
    body: &mut RequestBody,
    limit: usize,
    within: Duration,
) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too long.");
    let announced = request
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let Ok(body) = <poem::Body as FromRequest>::from_request(request, body).await else {
        return Ok(Bytes::new());
    };
    match tokio::time::timeout(within, body.into_bytes_limit(limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
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
        impl<'a, T: Readable, L: Limit> ApiExtractor<'a> for $type<T, L> {
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
                let ($read, held) = read::<T, L>(request, body).await?;
                Ok(Self($finish, held))
            }
        }
    };
}

document!(Body, true, |read| read
    .ok_or_else(|| Problem::bad_request("malformed_json", "The body is empty."))?);
document!(OptionalBody, false, |read| read);
