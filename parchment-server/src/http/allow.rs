//! The `Allow` header of 405 answers, which must list what a path does take (RFC 9110, section 15.5.6).

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{OpenApi, registry::MetaApi};

/// Adds the methods of a path to answers that refuse another one.
#[derive(Debug)]
pub struct Allow<E> {
    endpoint: E,
    paths: Vec<(Vec<String>, HeaderValue)>,
}

impl<E> Allow<E> {
    /// Knows the operations of an interface.
    pub fn new<A: OpenApi>(endpoint: E) -> Self {
        let paths = A::meta().into_iter().flat_map(|MetaApi { paths }| paths);
        let paths = paths.filter_map(|path| {
            let methods: Vec<&str> = path
                .operations
                .iter()
                .map(|operation| operation.method.as_str())
                .collect();
            Some((segments(&path.path), HeaderValue::from_str(&methods.join(", ")).ok()?))
        });
        let mut paths: Vec<_> = paths.collect();
        // A path without parameters is meant before one with.
        paths.sort_by_key(|(path, _)| path.iter().filter(|segment| segment.starts_with('{')).count());
        Self { endpoint, paths }
    }

    /// The methods of the first path that fits.
    fn methods(&self, path: &str) -> Option<&HeaderValue> {
        let asked = segments(path);
        let fits = |known: &[String]| {
            known.len() == asked.len()
                && known
                    .iter()
                    .zip(&asked)
                    .all(|(known, asked)| known.starts_with('{') || known == asked)
        };
        self.paths
            .iter()
            .find(|(known, _)| fits(known))
            .map(|(_, methods)| methods)
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
        .collect()
}

impl<E: Endpoint> Endpoint for Allow<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let mut response = self.endpoint.call(request).await?.into_response();
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(methods) = self.methods(&path)
        {
            response.headers_mut().insert(header::ALLOW, methods.clone());
        }
        Ok(response)
    }
}
