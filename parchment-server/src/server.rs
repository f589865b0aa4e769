//! Putting the application on the network, and taking it off again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt as _, Route,
    http::header,
    listener::{Acceptor as _, Listener as _, TcpAcceptor, TcpListener},
    middleware::{NormalizePath, SetHeader, TrailingSlash},
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{sync::oneshot, task::JoinHandle};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    app::{App, StartError},
    auth::renewal::RenewCookie,
    config::{Networks, Settings},
    connections::{Deadlines, Guarded, Limits},
    federation::refusals,
    housekeeping,
    http::{
        allow::Allow, cross_origin::CrossOrigin, detached::Detached, files::Files, observe::Observe, paths::Paths,
        problem,
    },
    metrics::{self, Metrics},
    openapi, page,
};

/// How long requests under way may take to finish when the server stops: longer than the longest of them, an invitation
/// to a server that has to be asked first and then does not answer.
const GRACE: Duration = Duration::from_secs(50);

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(75);

/// A running server.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
    metrics: Option<MetricsListener>,
}

impl Server {
    /// Starts a server as set; it listens when this returns.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what to mend.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let wanted = settings.listen;
        let app = App::open(settings).await?;
        let (acceptor, address) = listen(wanted).await?;
        let open = app.metrics.connections.clone();
        let acceptor = Guarded::new(acceptor, Limits::new(&app.settings), Deadlines::default(), open);
        maintain(&app);
        let metrics = match app.settings.metrics_listen {
            Some(wanted) => Some(MetricsListener::start(wanted, app.metrics.clone()).await?),
            None => None,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let server = poem::Server::new_with_acceptor(acceptor).idle_timeout(IDLE);
        let running = tokio::spawn(server.run_with_graceful_shutdown(
            endpoint(app.clone()),
            async {
                // An error means that the handle is gone, which stops the server as well.
                let _ = stopped.await;
            },
            Some(GRACE),
        ));
        tracing::info!(%address, origin = %app.settings.public_origin, "listening");
        Ok(Self {
            app,
            address,
            stop: Some(stop),
            running,
            metrics,
        })
    }

    /// The address that metrics are served at, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|listener| listener.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The application behind it.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Stops taking requests, lets those under way finish, and closes the database.
    ///
    /// # Errors
    ///
    /// When listening had failed.
    pub async fn stop(self) -> std::io::Result<()> {
        self.run_until(std::future::ready(())).await
    }

    /// Runs until `until` is done, then stops as [`stop`](Self::stop) does.
    ///
    /// # Errors
    ///
    /// When listening fails.
    pub async fn run_until(mut self, until: impl Future<Output = ()>) -> std::io::Result<()> {
        let ended = tokio::select! {
            ended = &mut self.running => ended,
            () = until => {
                drop(self.stop.take());
                (&mut self.running).await
            }
        };
        // No connection waits for requests whose client has gone away.
        self.app.requests.close();
        if tokio::time::timeout(GRACE, self.app.requests.wait()).await.is_err() {
            tracing::warn!("requests under way were cut off");
        }
        if let Err(error) = self.app.refusals.flush(&self.app.store).await {
            tracing::warn!(%error, "what was refused last could not be recorded");
        }
        self.app.store.close().await;
        ended.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

/// The listener for metrics; ends with the server.
#[derive(Debug)]
struct MetricsListener {
    address: SocketAddr,
    _running: AbortOnDropHandle<std::io::Result<()>>,
}

impl MetricsListener {
    async fn start(wanted: SocketAddr, metrics: Arc<Metrics>) -> Result<Self, StartError> {
        let (acceptor, address) = listen(wanted).await?;
        let limits = Limits {
            connections: 16,
            per_address: 16,
            uncounted: Networks::default(),
        };
        let acceptor = Guarded::new(acceptor, limits, Deadlines::default(), Gauge::default());
        let server = poem::Server::new_with_acceptor(acceptor).idle_timeout(IDLE);
        let running = tokio::spawn(server.run(metrics::endpoint(metrics)));
        tracing::info!(%address, "metrics are served");
        Ok(Self {
            address,
            _running: AbortOnDropHandle::new(running),
        })
    }
}

async fn listen(wanted: SocketAddr) -> Result<(TcpAcceptor, SocketAddr), StartError> {
    let acceptor = TcpListener::bind(wanted).into_acceptor().await;
    let acceptor = acceptor.map_err(|error| StartError::Listen { address: wanted, error })?;
    let address = acceptor
        .local_addr()
        .first()
        .and_then(|address| address.as_socket_addr().copied());
    Ok((acceptor, address.unwrap_or(wanted)))
}

/// Starts what goes on beside requests: sweeping what has run out, and recording what was refused. It ends with the
/// application. [`Server::start`] does it; whoever mounts [`endpoint`] does it once.
pub fn maintain(app: &Arc<App>) {
    tokio::spawn(housekeeping::run(Arc::downgrade(app)));
    tokio::spawn(refusals::keep(Arc::downgrade(app)));
}

/// The whole HTTP interface of an application, to be mounted at the root of its host. [`maintain`] belongs to it.
pub fn endpoint(app: Arc<App>) -> impl Endpoint + 'static {
    let origins = [app.settings.public_origin.clone(), app.settings.client_origin().clone()];
    let files = page::files(&app.settings).chain(openapi::page::files());
    let (requests, metrics) = (app.requests.clone(), app.metrics.clone());
    let answered = Route::new()
        .nest("/", openapi::service())
        .data(app)
        .catch_all_error(problem::from_framework);
    let paths = Arc::new(Paths::of::<openapi::Api>());
    let answered = Allow::new(answered, paths.clone());
    let answered = RenewCookie(Detached::new(answered, requests))
        .with(NormalizePath::new(TrailingSlash::Trim))
        .with(
            SetHeader::new()
                .overriding(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .overriding(header::CACHE_CONTROL, "no-store"),
        );
    let [own, client] = &origins;
    let answered = Files::before(answered, files);
    Observe::new(CrossOrigin::new(answered, [own, client]), paths, metrics)
}
