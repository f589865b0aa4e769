//! A real server, and somebody in front of it who changes what it says and is told.

use std::sync::{Arc, Mutex};

use parchment_client::{
    Client,
    account::{Account, Created},
    keystore::{KeyStore, MemoryStore},
    operations::OPERATIONS,
};
use parchment_core::handle::Origin;
use parchment_server::config::Switch;
use poem::{
    Request, Response,
    endpoint::make,
    http::StatusCode,
    listener::{Listener as _, TcpListener},
};
use reqwest::Method;
use serde_json::Value;

use super::{
    app::{TestApp, free_port, http_client},
    front::name_of,
};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The `operationId`.
    pub operation: &'static str,
    pub method: Method,
    pub path: String,
    pub body: Value,
}

/// An answer as the server gave it.
#[derive(Debug, Clone)]
pub struct Said {
    pub status: u16,
    pub body: Value,
}

impl Said {
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, body }
    }
}

type Before = Arc<dyn Fn(&mut Heard) -> Option<Said> + Send + Sync>;
type After = Arc<dyn Fn(&Heard, &mut Said) + Send + Sync>;

#[derive(Default)]
struct Script {
    before: Option<Before>,
    after: Option<After>,
    /// Every byte that clients sent.
    heard: Vec<u8>,
    /// Every request with the true answer, in order.
    log: Vec<(Heard, Said)>,
}

/// The server and the liar before it.
pub struct Liar {
    pub app: TestApp,
    pub origin: String,
    script: Arc<Mutex<Script>>,
}

impl Liar {
    pub async fn start() -> Self {
        let port = free_port();
        let origin = format!("http://localhost:{port}");
        let app = TestApp::start_with(|settings| {
            settings.public_origin = Origin::parse(&origin).unwrap();
            settings.allow_loopback_peers = true;
            settings.rate_limits = Switch::Off;
        })
        .await;
        let script = Arc::new(Mutex::new(Script::default()));
        let acceptor = TcpListener::bind(("127.0.0.1", port)).into_acceptor().await.unwrap();
        let (behind, http, told) = (app.url(""), http_client(), script.clone());
        let door = make(move |request| pass(request, behind.clone(), http.clone(), told.clone()));
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(door));
        Self { app, origin, script }
    }

    /// Signs somebody in; the session is used through the liar.
    pub async fn sign_in(&self, alias: &str) -> Client {
        let token = self.app.sign_in(&format!("{alias}@mail.example")).await.token;
        self.client(&token)
    }

    pub fn client(&self, token: &str) -> Client {
        Client::builder(&self.origin).token(token).retries(0).build().unwrap()
    }

    /// Signs somebody up: session, store, account.
    pub async fn sign_up(&self, alias: &str) -> Person {
        let client = self.sign_in(alias).await;
        let store: Arc<dyn KeyStore> = Arc::new(MemoryStore::new());
        let Created {
            account, recovery_key, ..
        } = Account::create(&client, store.clone(), Some(alias)).await.unwrap();
        Person {
            client,
            store,
            account,
            recovery_key: recovery_key.to_string(),
        }
    }

    /// From now on requests are changed, or answered in the server's place.
    pub fn intercept(&self, before: impl Fn(&mut Heard) -> Option<Said> + Send + Sync + 'static) {
        self.script.lock().unwrap().before = Some(Arc::new(before));
    }

    /// From now on answers are changed.
    pub fn distort(&self, after: impl Fn(&Heard, &mut Said) + Send + Sync + 'static) {
        self.script.lock().unwrap().after = Some(Arc::new(after));
    }

    /// The same for the answers of one operation.
    pub fn distort_one(&self, operation: &'static str, after: impl Fn(&mut Value) + Send + Sync + 'static) {
        assert!(
            OPERATIONS.iter().any(|known| known.id == operation),
            "there is no {operation}"
        );
        self.distort(move |heard, said| {
            if heard.operation == operation {
                after(&mut said.body);
            }
        });
    }

    pub fn be_honest(&self) {
        let mut script = self.script.lock().unwrap();
        (script.before, script.after) = (None, None);
    }

    /// The last true answer to an operation.
    pub fn last(&self, operation: &str) -> Said {
        self.answers(operation).pop().unwrap()
    }

    /// All true answers to an operation.
    pub fn answers(&self, operation: &str) -> Vec<Said> {
        let script = self.script.lock().unwrap();
        let of_it = script.log.iter().filter(|(heard, _)| heard.operation == operation);
        of_it.map(|(_, said)| said.clone()).collect()
    }

    /// The last true answer to each GET so far: what the whole account looked like.
    pub fn snapshot(&self) -> Vec<(String, Said)> {
        let script = self.script.lock().unwrap();
        let gets = script.log.iter().filter(|(heard, _)| heard.method == Method::GET);
        gets.map(|(heard, said)| (heard.path.clone(), said.clone())).collect()
    }

    /// From now on what was asked before is answered as it was then.
    pub fn roll_back_to(&self, snapshot: Vec<(String, Said)>) {
        self.distort(move |heard, said| {
            let then = snapshot.iter().rev().find(|(path, _)| *path == heard.path);
            if let Some((_, then)) = then.filter(|_| heard.method == Method::GET) {
                *said = then.clone();
            }
        });
    }

    /// Every byte that was sent through the liar so far.
    pub fn heard(&self) -> Vec<u8> {
        self.script.lock().unwrap().heard.clone()
    }
}

/// Somebody with a device.
pub struct Person {
    pub client: Client,
    pub store: Arc<dyn KeyStore>,
    pub account: Account,
    pub recovery_key: String,
}

impl Person {
    /// Her device is started anew.
    pub async fn reopen(&self) -> Result<Account, parchment_client::account::AccountError> {
        Account::open(&self.client, self.store.clone()).await
    }
}

async fn pass(
    mut request: Request,
    behind: String,
    http: reqwest::Client,
    script: Arc<Mutex<Script>>,
) -> poem::Result<Response> {
    let bytes = request.take_body().into_bytes().await?;
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let mut heard = Heard {
        operation: name_of(request.method().as_str(), request.uri().path()).unwrap_or_default(),
        method: request.method().as_str().parse().unwrap(),
        path,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let (before, after) = {
        let mut script = script.lock().unwrap();
        script.heard.extend(heard.path.as_bytes());
        for (name, value) in request.headers() {
            script.heard.extend(name.as_str().as_bytes());
            script.heard.extend(value.as_bytes());
        }
        script.heard.extend(&*bytes);
        (script.before.clone(), script.after.clone())
    };
    let instead = before.and_then(|before| before(&mut heard));
    let mut said = match instead {
        Some(said) => said,
        None => {
            let mut onward = http.request(heard.method.clone(), format!("{behind}{}", heard.path));
            for (name, value) in request.headers() {
                if name != "host" && name != "content-length" {
                    onward = onward.header(name, value);
                }
            }
            if !bytes.is_empty() {
                onward = onward.body(heard.body.to_string());
            }
            let answer = onward.send().await.unwrap();
            let status = answer.status().as_u16();
            let said = Said::new(
                status,
                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default(),
            );
            script.lock().unwrap().log.push((heard.clone(), said.clone()));
            said
        }
    };
    if let Some(after) = after {
        after(&heard, &mut said);
    }
    let response = Response::builder()
        .status(StatusCode::from_u16(said.status).unwrap())
        .content_type("application/json");
    Ok(match said.body {
        Value::Null => response.finish(),
        body => response.body(body.to_string()),
    })
}
