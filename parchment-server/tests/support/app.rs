//! A running server with a folder of its own, and people who use it over HTTP.

use std::{fs, net::TcpListener, sync::Arc, time::Duration};

use parchment_core::{
    canonical::Object,
    encoding,
    envelope::{Kind, UserMessage},
    handle::{Handle, Origin, ServerId},
    keys::SigningKey,
    nonce::Nonce,
    time::{Clock as _, Timestamp},
};
use parchment_server::{
    Server,
    app::{App, SystemClock},
    config::Settings,
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::database;

/// Random bytes for test keys and nonces.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// A client for loopback that neither follows redirects nor uses a proxy.
pub fn http_client() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An answer: status, headers, and the body as JSON (null when it is none).
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    /// The `code` of an error body.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Panics unless the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Panics unless status and code are the expected ones.
    #[track_caller]
    pub fn expect_code(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        text,
        body,
    }
}

/// A running server; its folder goes with it.
pub struct TestApp {
    pub folder: TempDir,
    pub settings: Settings,
    pub id: ServerId,
    pub http: reqwest::Client,
    server: Option<Server>,
}

impl TestApp {
    /// A server with loopback peers allowed and traffic limits off.
    pub async fn start() -> Self {
        Self::start_with(|settings| {
            settings.allow_loopback_peers = true;
            settings.rate_limits = parchment_server::config::Switch::Off;
        })
        .await
    }

    /// The same on a file of SQLite, for what is about files.
    pub async fn start_on_file() -> Self {
        Self::start_with(|settings| {
            settings.allow_loopback_peers = true;
            settings.rate_limits = parchment_server::config::Switch::Off;
            settings.database_url = None;
        })
        .await
    }

    /// A server with settings of one's own; by default they are what a user would have, on a free port.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = parchment_server::testing::settings(folder.path());
        let port = free_port();
        settings.listen.set_port(port);
        settings.public_origin = Origin::parse(&format!("http://localhost:{port}")).unwrap();
        settings.database_url = database::fresh();
        change(&mut settings);
        let server = Server::start(settings.clone()).await.unwrap();
        Self {
            folder,
            id: settings.server_id().clone(),
            settings,
            http: http_client(),
            server: Some(server),
        }
    }

    pub fn app(&self) -> &Arc<App> {
        self.server.as_ref().unwrap().app()
    }

    /// Where its metrics are served, if they are.
    pub fn metrics_address(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().unwrap().metrics_address()
    }

    /// Stops the server and starts it again on the same folder and port.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Starts the server that was stopped, with the settings as they are now.
    pub async fn start_again(&mut self) {
        self.server = Some(Server::start(self.settings.clone()).await.unwrap());
    }

    /// Stops the server; its folder stays.
    pub async fn stop(&mut self) {
        self.server.take().unwrap().stop().await.unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.settings.listen)
    }

    /// A request without a session.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, self.url(path));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    /// The newest code mailed to an address; waits for it.
    pub async fn code_for(&self, email: &str) -> String {
        self.code_after(email, 0).await
    }

    /// The newest code mailed to an address once there are more than so many; waits for it.
    async fn code_after(&self, email: &str, count: usize) -> String {
        for _ in 0..250 {
            let mut codes = self.mailed_codes(email);
            if codes.len() > count {
                return codes.pop().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no code was mailed to {email}");
    }

    /// All codes mailed to an address so far, oldest first.
    pub fn mailed_codes(&self, email: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        let code_of = |path| {
            let mail = fs::read_to_string(path).ok()?;
            let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
            mail.contains(email)
                .then(|| mail.split_whitespace().find(is_code).map(str::to_owned))
                .flatten()
        };
        paths.into_iter().filter_map(code_of).collect()
    }

    /// Signs somebody in through code and mail.
    pub async fn sign_in(&self, email: &str) -> Person<'_> {
        let before = self.mailed_codes(email).len();
        self.call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
            .await
            .expect(201);
        let code = self.code_after(email, before).await;
        let body = json!({ "method": "otp", "email": email, "token": code });
        let signed_in = self.call(Method::POST, "/auth/sessions", Some(body)).await.expect(201);
        Person {
            app: self,
            token: signed_in.body["token"].as_str().unwrap().to_owned(),
            id: signed_in.body["user"]["id"].as_str().unwrap().to_owned(),
            handle: None,
            key: SigningKey::from_seed(&random()),
        }
    }

    /// Signs somebody in, with alias and keys.
    pub async fn person(&self, alias: &str) -> Person<'_> {
        let mut person = self.sign_in(&format!("{alias}@mail.example")).await;
        person.become_somebody(alias).await;
        person
    }
}

/// Somebody with a session and keys of her own.
pub struct Person<'a> {
    pub app: &'a TestApp,
    pub token: String,
    pub id: String,
    pub handle: Option<Handle>,
    pub key: SigningKey,
}

impl Person<'_> {
    /// A request with her session, by bearer token.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self
            .app
            .http
            .request(method, self.app.url(path))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn become_somebody(&mut self, alias: &str) {
        let answer = self
            .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": alias })))
            .await
            .expect(200);
        self.handle = Some(Handle::parse(answer.body["handle"].as_str().unwrap()).unwrap());
        self.register_keys().await;
    }

    /// Registers the public half of her present key, and an encryption key.
    pub async fn register_keys(&self) {
        let mut encryption = random::<32>();
        encryption[31] &= 0x3f;
        let keys = json!({
            "signingKey": self.key.verifying_key().to_base64(),
            "encryptionKey": encoding::encode(&encryption),
        });
        self.call(Method::PUT, "/users/me/keys", Some(keys)).await.expect(200);
    }

    pub fn handle(&self) -> &Handle {
        self.handle.as_ref().unwrap()
    }

    /// Signature, nonce and timestamp over a message of hers, now.
    pub fn sign(&self, kind: Kind, to: &Handle) -> (String, String, String) {
        self.sign_at(kind, to, 0)
    }

    /// The same with a timestamp so many milliseconds from now.
    pub fn sign_at(&self, kind: Kind, to: &Handle, offset_ms: i64) -> (String, String, String) {
        let nonce = Nonce::from_bytes(random());
        let timestamp = Timestamp::from_instant(SystemClock.now().plus(offset_ms));
        let message = UserMessage::new(
            kind,
            self.handle().clone(),
            to.clone(),
            nonce,
            timestamp.clone(),
            Object::new(),
        )
        .unwrap();
        let signed = message.sign(&self.key);
        (signed.signature().to_base64(), nonce.to_base64(), timestamp.to_string())
    }

    /// Invites somebody with a whole envelope.
    pub async fn invite(&self, to: &Handle) -> Answer {
        let (signature, nonce, timestamp) = self.sign(Kind::FriendInvite, to);
        let body = json!({ "handle": to.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
        self.post("/friends/invite", body).await
    }

    /// The ids of the invitations she received.
    pub async fn incoming(&self) -> Vec<String> {
        let answer = self.get("/friends/invitations?direction=incoming").await.expect(200);
        let invitations = answer.body["invitations"].as_array().unwrap();
        invitations
            .iter()
            .map(|invitation| invitation["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Accepts an invitation with a whole envelope.
    pub async fn accept(&self, id: &str, from: &Handle) -> Answer {
        let (signature, nonce, timestamp) = self.sign(Kind::FriendAccept, from);
        let body = json!({ "signature": signature, "nonce": nonce, "timestamp": timestamp });
        self.post(&format!("/friends/invitations/{id}/accept"), body).await
    }

    /// Handle and status of each friend.
    pub async fn friends(&self) -> Vec<(String, String)> {
        let answer = self.get("/friends").await.expect(200);
        let text = |friend: &Value, member: &str| friend[member].as_str().unwrap().to_owned();
        let friends = answer.body["friends"].as_array().unwrap();
        friends
            .iter()
            .map(|friend| (text(friend, "friendHandle"), text(friend, "status")))
            .collect()
    }
}
