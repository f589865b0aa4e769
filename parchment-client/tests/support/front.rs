//! A server with a door in front of it that notes who passes, and can do things to those who do.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parchment_client::{
    Client,
    operations::{OPERATIONS, Operation},
};
use parchment_core::handle::Origin;
use parchment_server::{
    app::App,
    config::{Settings, Switch},
};
use poem::{
    Endpoint, EndpointExt as _, Request, Response,
    http::StatusCode,
    listener::{Listener as _, TcpListener},
};
use tempfile::TempDir;

use super::app::free_port;

/// What the door does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whim {
    /// Lets it pass.
    None,
    /// Answers this status, with `Retry-After: 0`, in the server's place.
    Answer(u16),
    /// Lets it pass, and ends the connection in the middle of the answer.
    LoseAnswer,
}

/// A server, mounted in the test's own program.
pub struct Front {
    folder: TempDir,
    app: Arc<App>,
    pub origin: String,
    seen: Arc<Mutex<Vec<&'static str>>>,
    strange: Arc<Mutex<BTreeSet<String>>>,
    whims: Arc<Mutex<Vec<Whim>>>,
    pub hits: Arc<AtomicUsize>,
}

impl Front {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With settings of one's own.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = parchment_server::testing::settings(folder.path());
        let port = free_port();
        settings.public_origin = Origin::parse(&format!("http://localhost:{port}")).unwrap();
        settings.allow_loopback_peers = true;
        settings.rate_limits = Switch::Off;
        change(&mut settings);
        let app = App::open(settings).await.unwrap();
        let front = Self {
            folder,
            app: app.clone(),
            origin: format!("http://localhost:{port}"),
            seen: Arc::default(),
            strange: Arc::default(),
            whims: Arc::default(),
            hits: Arc::default(),
        };
        let acceptor = TcpListener::bind(("127.0.0.1", port)).into_acceptor().await.unwrap();
        let (seen, strange) = (front.seen.clone(), front.strange.clone());
        let (whims, hits) = (front.whims.clone(), front.hits.clone());
        let routes = parchment_server::endpoint(app)
            .map_to_response()
            .around(move |server, request: Request| {
                let name = name_of(request.method().as_str(), request.uri().path());
                match name {
                    Some(name) => seen.lock().unwrap().push(name),
                    None => drop(
                        strange
                            .lock()
                            .unwrap()
                            .insert(format!("{} {}", request.method(), request.uri())),
                    ),
                }
                hits.fetch_add(1, Ordering::SeqCst);
                let mut whims = whims.lock().unwrap();
                let whim = if whims.is_empty() { Whim::None } else { whims.remove(0) };
                drop(whims);
                async move {
                    match whim {
                        Whim::Answer(status) => Ok(Response::builder()
                            .status(StatusCode::from_u16(status).unwrap())
                            .header("retry-after", "0")
                            .body(r#"{"message":"the door is in a mood","code":"moody"}"#)),
                        Whim::None => server.call(request).await,
                        Whim::LoseAnswer => {
                            let response = server.call(request).await?;
                            // Promises more than comes: the connection ends where the promise is broken.
                            let broken = Response::builder()
                                .status(response.status())
                                .header("content-length", "100");
                            Ok(broken.body(poem::Body::from_bytes_stream(half_and_error())))
                        }
                    }
                }
            });
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(routes));
        front
    }

    /// A client without a session, which waits for nobody.
    pub fn client(&self) -> Client {
        Client::new(&self.origin).unwrap()
    }

    /// Signs somebody in, by the code in her mail.
    pub async fn sign_in(&self, email: &str) -> Client {
        let client = self.client();
        let before = self.codes(email).len();
        client.sign_in().request_code(email).await.unwrap();
        let code = self.code_after(email, before).await;
        let session = client.sign_in().with_code(email, &code).await.unwrap();
        client.with_token(&session.token)
    }

    /// The newest code mailed to an address once there are more than so many; waits for it.
    pub async fn code_after(&self, email: &str, count: usize) -> String {
        for _ in 0..500 {
            let mut codes = self.codes(email);
            if codes.len() > count {
                return codes.pop().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no code was mailed to {email}");
    }

    /// All codes mailed to an address so far, oldest first.
    pub fn codes(&self, email: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
        let mails = paths.into_iter().filter_map(|path| fs::read_to_string(path).ok());
        mails
            .filter(|mail| mail.contains(email))
            .filter_map(|mail| mail.split_whitespace().find(is_code).map(str::to_owned))
            .collect()
    }

    /// What the door does to the next requests, one after the other.
    pub fn whims(&self, whims: &[Whim]) {
        *self.whims.lock().unwrap() = whims.to_vec();
        self.hits.store(0, Ordering::SeqCst);
    }

    /// How many requests came since the last whims were set.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    /// Which operations were asked for, and which requests were for none.
    pub fn seen(&self) -> (BTreeSet<&'static str>, BTreeSet<String>) {
        let seen = self.seen.lock().unwrap().iter().copied().collect();
        (seen, self.strange.lock().unwrap().clone())
    }

    pub fn app(&self) -> &Arc<App> {
        &self.app
    }
}

/// Half of an answer, and then the end of the connection.
fn half_and_error() -> impl futures_util::Stream<Item = std::io::Result<&'static [u8]>> + Send {
    let lost = || std::io::Error::other("lost on purpose");
    futures_util::stream::iter([Ok(&b"{"[..]), Err(lost())])
}

/// The operation that a request is for: fixed segments go before parameters.
pub fn name_of(method: &str, path: &str) -> Option<&'static str> {
    let segments: Vec<_> = path.split('/').collect();
    let fits = |operation: &&&Operation| {
        let template: Vec<_> = operation.path.split('/').collect();
        let fit = |(template, segment): (&&str, &&str)| template.starts_with('{') || template == segment;
        operation.method.as_str() == method
            && template.len() == segments.len()
            && template.iter().zip(&segments).all(fit)
    };
    let parameters = |operation: &&&Operation| operation.path.matches('{').count();
    OPERATIONS
        .iter()
        .filter(fits)
        .min_by_key(parameters)
        .map(|operation| operation.id)
}
