//! Many requests at the same moment.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use parchment_server::store::{Store, StoreError};
use poem::{Endpoint as _, Request, http::Method};
use serde_json::Value;
use tokio::{
    sync::{Barrier, Semaphore},
    task::JoinSet,
};

use super::{app::TestApp, database};

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
    let writers = Writers::hold(&app.app().store).await;
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
            writers.take_turns();
        }
    );
    writers.release().await;
    (first, second)
}

/// How many write at once on PostgreSQL, in each process.
const ON_POSTGRES: usize = 8;

/// The turns to write, taken so that nobody else gets one.
pub struct Writers {
    next: Arc<Semaphore>,
    holders: JoinSet<()>,
}

impl Writers {
    /// Takes all turns of a store.
    pub async fn hold(store: &Store) -> Self {
        let many = if database::on_postgres() { ON_POSTGRES } else { 1 };
        let (next, held) = (Arc::new(Semaphore::new(0)), Arc::new(Barrier::new(many + 1)));
        let mut holders = JoinSet::new();
        for _ in 0..many {
            let (store, next, held) = (store.clone(), next.clone(), held.clone());
            holders.spawn(async move {
                let hold = store.write(async |_| {
                    held.wait().await;
                    next.acquire().await.unwrap().forget();
                    Ok::<_, StoreError>(())
                });
                hold.await.unwrap();
            });
        }
        held.wait().await;
        Self { next, holders }
    }

    /// Lets those who wait go one by one, in the order in which they came.
    pub fn take_turns(&self) {
        self.next.add_permits(1);
    }

    /// Lets everybody go.
    pub async fn release(self) {
        self.next.add_permits(ON_POSTGRES);
        self.holders.join_all().await;
    }
}
