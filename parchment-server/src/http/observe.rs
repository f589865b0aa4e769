//! Every request has an id, a line in the log, and a place in the counters.

use std::{sync::Arc, time::Instant};

use poem::{
    Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderName, HeaderValue, Method, StatusCode},
};
use tracing::Instrument as _;

use super::{paths::Paths, problem::ProblemCode};
use crate::{metrics::Metrics, random};

/// The header that tells the id of a request, for whoever asks the operator about it.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Observes an endpoint.
#[derive(Debug)]
pub struct Observe<E> {
    endpoint: E,
    paths: Arc<Paths>,
    metrics: Arc<Metrics>,
}

impl<E> Observe<E> {
    /// Observes an endpoint at these paths with these counters.
    pub fn new(endpoint: E, paths: Arc<Paths>, metrics: Arc<Metrics>) -> Self {
        Self {
            endpoint,
            paths,
            metrics,
        }
    }
}

impl<E: Endpoint> Endpoint for Observe<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let begun = Instant::now();
        let id = random::id().to_string();
        let method = label(request.method());
        // Neither path nor query as they came: both can hold what only the caller may know.
        let path = self.paths.find(request.uri().path());
        let path = path.map_or("unknown", |known| known.template.as_str());
        let span = tracing::info_span!("request", %id);
        let answered = self.endpoint.call(request).instrument(span.clone()).await;
        let mut response = answered.map_or_else(|error| error.into_response(), |answer| answer.into_response());

        let status = response.status();
        let took = begun.elapsed();
        self.metrics.count_request(method, path, status.as_u16(), took);
        let code = response.data::<ProblemCode>().map(|code| code.0);
        span.in_scope(|| log(method, path, status, code, took));
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        Ok(response)
    }
}

fn log(method: &str, path: &str, status: StatusCode, code: Option<&str>, took: std::time::Duration) {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (status, code) = (status.as_u16(), code.unwrap_or_default());
    match status {
        // Not this server's failure, and strangers can cause it at will.
        500.. if matches!(code, "peer_unreachable" | "busy" | "delivery_unknown") => {
            tracing::info!(method, path, status, code, ms, "refused");
        }
        500.. => tracing::warn!(method, path, status, code, ms, "failed"),
        400.. => tracing::info!(method, path, status, code, ms, "refused"),
        _ => tracing::debug!(method, path, status, ms, "answered"),
    }
}

/// A method as a label: clients may send any word, and labels are kept for ever.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
