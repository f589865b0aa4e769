//! Requests that run to their end.

use std::sync::Arc;

use poem::{Endpoint, IntoResponse as _, Request, Response};

use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::problem::Problem;

/// Runs every request on a task of its own.
///
/// When a client goes away, the framework drops what it was doing for it, between any two lines:
/// a message could be delivered and the row that says so never written. Here the work goes on
/// without anybody to answer. A panic ends its own request with 500 and nothing else.
#[derive(Debug)]
pub struct Detached<E> {
    endpoint: Arc<E>,
    tasks: TaskTracker,
}

impl<E> Detached<E> {
    /// Wraps an endpoint; whoever holds the tracker can wait for what is under way.
    pub fn new(endpoint: E, tasks: TaskTracker) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            tasks,
        }
    }
}

impl<E: Endpoint + 'static> Endpoint for Detached<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let endpoint = self.endpoint.clone();
        let task = self.tasks.spawn(
            async move { endpoint.call(request).await.map(poem::IntoResponse::into_response) }.in_current_span(),
        );
        match task.await {
            Ok(answer) => answer,
            Err(error) => Ok(Problem::internal(error).into_response()),
        }
    }
}
