//! Requests that run to their end.

use std::sync::Arc;

use poem::{Endpoint, IntoResponse as _, Request, Response};

use super::problem::Problem;

/// Runs every request on a task of its own.
///
/// When a client goes away, the framework drops what it was doing for it, between any two lines:
/// a message could be delivered and the row that says so never written. Here the work goes on
/// without anybody to answer. A panic ends its own request with 500 and nothing else.
#[derive(Debug)]
pub struct Detached<E>(Arc<E>);

impl<E> Detached<E> {
    /// Wraps an endpoint.
    pub fn new(endpoint: E) -> Self {
        Self(Arc::new(endpoint))
    }
}

impl<E: Endpoint + 'static> Endpoint for Detached<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let endpoint = self.0.clone();
        let task = tokio::spawn(async move { endpoint.call(request).await.map(poem::IntoResponse::into_response) });
        match task.await {
            Ok(answer) => answer,
            Err(error) => Ok(Problem::internal(error).into_response()),
        }
    }
}
