//! A proxy in front of bob's server that keeps what it lets through to the inbox.

use std::sync::{Arc, Mutex, PoisonError};

use parchment_core::request::INBOX_PATH;
use poem::{
    Body, EndpointExt as _, Request, Response, Route, handler,
    http::{HeaderMap, Method, StatusCode},
    web::Data,
};

use super::listen;

/// A request to the inbox as it went by.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The running proxy.
pub(super) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    behind: u16,
    http: reqwest::Client,
    recordings: Mutex<Vec<Recording>>,
}

impl Shared {
    fn recordings(&self) -> std::sync::MutexGuard<'_, Vec<Recording>> {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    pub(super) async fn start(behind: u16, http: reqwest::Client) -> Result<Self, String> {
        let (acceptor, port) = listen::on_any_port().await?;
        let shared = Arc::new(Shared {
            behind,
            http,
            recordings: Mutex::default(),
        });
        let routes = Route::new().at("/*path", forward).data(shared.clone());
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));
        Ok(Self { port, shared })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn forget(&self) {
        self.shared.recordings().clear();
    }

    /// The last request to the inbox.
    pub(super) fn last(&self) -> Option<Recording> {
        self.shared.recordings().last().cloned()
    }
}

#[handler]
async fn forward(request: &Request, body: Body, shared: Data<&Arc<Shared>>) -> poem::Result<Response> {
    let body = body.into_vec().await?;
    if request.method() == Method::POST && request.uri().path() == INBOX_PATH {
        shared.recordings().push(Recording {
            headers: request.headers().clone(),
            body: body.clone(),
        });
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let forwarded = shared
        .http
        .request(
            request.method().clone(),
            format!("http://127.0.0.1:{}{path}", shared.behind),
        )
        .headers(request.headers().clone())
        .body(body)
        .send()
        .await;
    let gone = |_| poem::Error::from_status(StatusCode::BAD_GATEWAY);
    let answer = forwarded.map_err(gone)?;
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(answer.bytes().await.map_err(gone)?.to_vec()))
}
