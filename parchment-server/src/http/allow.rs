//! Which paths there can be, and the `Allow` header of 405 answers, which must list what a path does take (RFC 9110,
//! section 15.5.6).

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderValue, StatusCode, header},
};

use super::{paths::Paths, problem::Problem};

/// Adds the methods of a path to answers that refuse another one.
#[derive(Debug)]
pub struct Allow<E> {
    endpoint: E,
    paths: Arc<Paths>,
}

impl<E> Allow<E> {
    /// Knows the paths of an interface.
    pub fn new(endpoint: E, paths: Arc<Paths>) -> Self {
        Self { endpoint, paths }
    }
}

/// Where names have rules of their own, which say more when they are broken.
const WITH_RULES: [&str; 2] = ["/me/blobs/", "/users/me/devices/"];

impl<E: Endpoint> Endpoint for Allow<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        // Nothing is called so: not every database could even be asked for it.
        if path.contains("%00") && !WITH_RULES.iter().any(|place| path.starts_with(place)) {
            return Ok(Problem::not_found("Nothing here has the character U+0000 in its name.").into_response());
        }
        let mut response = self.endpoint.call(request).await?.into_response();
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(known) = self.paths.find(&path)
            && let Ok(methods) = HeaderValue::from_str(&known.methods)
        {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        Ok(response)
    }
}
