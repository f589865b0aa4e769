//! Requests from web pages: who may read the answers, and who may act with the caller's cookie.

use std::sync::Arc;

use parchment_core::handle::Origin;
use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};

/// Cross-origin sharing with credentials, for exactly the server's own origin and its client's.
///
/// Requests of other origins are answered like any other, without leave for their page to read the
/// answer; that their cookie counts for nothing is for [`may_use_cookie`].
#[derive(Debug)]
pub struct CrossOrigin<E> {
    endpoint: E,
    allowed: Arc<[HeaderValue]>,
}

impl<E> CrossOrigin<E> {
    /// Shares an endpoint with these origins.
    pub fn new(endpoint: E, allowed: [&Origin; 2]) -> Self {
        let allowed = allowed
            .into_iter()
            .filter_map(|origin| HeaderValue::from_str(&origin.to_string()).ok());
        Self {
            endpoint,
            allowed: allowed.collect(),
        }
    }
}

impl<E: Endpoint> Endpoint for CrossOrigin<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let origin = request
            .headers()
            .get(header::ORIGIN)
            .filter(|origin| self.allowed.contains(origin))
            .cloned();
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match &origin {
            Some(_) if is_preflight => preflight(),
            _ => self
                .endpoint
                .call(request)
                .await
                .map_or_else(|error| error.into_response(), |r| r.into_response()),
        };
        let headers = response.headers_mut();
        // Caches must not give one origin's answer to another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("etag, retry-after, x-request-id"),
            );
        }
        Ok(response)
    }
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE")
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, if-match, if-none-match",
        )
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

/// Whether a request may act by the caller's cookie.
///
/// Reading may; changing needs an `Origin` of our own or the client's, which a page elsewhere
/// cannot forge.
pub fn may_use_cookie(request: &Request, own: &Origin, client: &Origin) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let origin = request.header(header::ORIGIN);
    origin.is_some_and(|origin| origin == own.to_string() || origin == client.to_string())
}
