//! Requests from web pages: who may make them with the caller's cookie.

use parchment_core::handle::Origin;
use poem::{
    Request,
    http::{Method, header},
    middleware::Cors,
};

/// Cross-origin sharing with credentials, for exactly the client origin.
pub fn cors(client: &Origin) -> Cors {
    Cors::new()
        .allow_origin(client.to_string())
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION])
        .expose_headers([header::RETRY_AFTER])
        .max_age(600)
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
