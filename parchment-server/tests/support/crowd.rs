//! Many requests at the same moment.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use parchment_server::store::StoreError;
use poem::{Endpoint as _, Request, http::Method};
use serde_json::Value;
use tokio::{
    sync::{Barrier, Notify},
    task::JoinSet,
};

use super::app::TestApp;

/// Runs tasks that all begin when the last of them is ready.
pub async fn at_once<T, F>(tasks: impl ExactSizeIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(tasks.len()));
    let mut running = JoinSet::new();
    for task in tasks {
        let start = start.clone();
        running.spawn(async move {
            start.wait().await;
            task.await
        });
    }
    running.join_all().await
}

/// Posts so many bodies at once and counts the statuses.
///
/// Goes straight to the server's HTTP interface, so that a thousand need no thousand sockets.
pub async fn post_at_once(
    app: &TestApp,
    path: &'static str,
    bodies: impl ExactSizeIterator<Item = Value>,
) -> BTreeMap<u16, usize> {
    let endpoint = Arc::new(parchment_server::endpoint(app.app().clone()));
    let statuses = at_once(bodies.map(|body| {
        let endpoint = endpoint.clone();
        async move {
            let request = Request::builder().method(Method::POST).uri(path.parse().unwrap());
            let request = request.content_type("application/json").body(body.to_string());
            endpoint.get_response(request).await.status().as_u16()
        }
    }))
    .await;
    let mut counts = BTreeMap::new();
    for status in statuses {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// Runs two requests so that both have read before either has written, and the first writes first.
pub async fn read_then_write<A: Send, B: Send>(
    app: &TestApp,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (store, released) = (app.app().store.clone(), Arc::new(Notify::new()));
    let (release, held) = (released.clone(), Arc::new(Notify::new()));
    let holding = held.clone();
    let holder = tokio::spawn(async move {
        let hold = store.write(async |_| {
            holding.notify_one();
            released.notified().await;
            Ok::<_, StoreError>(())
        });
        hold.await.unwrap();
    });
    held.notified().await;
    // Long enough for a request to get as far as its write; were it not, the test would see less and fail no more.
    let a_while = Duration::from_millis(400);
    let (first, second, ()) = tokio::join!(
        first,
        async {
            tokio::time::sleep(a_while).await;
            second.await
        },
        async {
            tokio::time::sleep(2 * a_while).await;
            release.notify_one();
        }
    );
    holder.await.unwrap();
    (first, second)
}
