//! The program in a process of its own, all that it logs, and somebody who uses it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use parchment_core::{
    canonical::Object,
    encoding,
    envelope::{Kind, UserMessage},
    handle::Handle,
    keys::SigningKey,
    nonce::Nonce,
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    app::{Answer, answer, free_port, http_client, random},
    database,
};

/// Every level of every library there is, by name and by default.
const EVERYTHING: &str = "trace,hyper=trace,hyper_util=trace,h2=trace,poem=trace,sea_orm=trace,sqlx=trace,\
                          sqlx::query=trace,rustls=trace,reqwest=trace,lettre=trace,tokio=trace,mio=trace,log=trace";

/// A running program; killed when dropped.
pub struct Program {
    pub folder: TempDir,
    pub http: reqwest::Client,
    port: u16,
    metrics: u16,
    /// The URL of its database.
    pub url: String,
    process: Child,
}

impl Program {
    /// Starts it with everything logged in this format, and with these settings on top.
    pub async fn start(format: &str, more: &[(&str, &str)]) -> Self {
        let (folder, port, metrics) = (tempfile::tempdir().unwrap(), free_port(), free_port());
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let url =
            database::fresh().unwrap_or_else(|| format!("sqlite://{}", folder.path().join("parchment.db").display()));
        let process = Command::new(env!("CARGO_BIN_EXE_parchment-server"))
            .env_clear()
            .env("DATABASE_URL", &url)
            .env("PARCHMENT_LISTEN", format!("127.0.0.1:{port}"))
            .env("PARCHMENT_PUBLIC_ORIGIN", format!("http://localhost:{port}"))
            .env("PARCHMENT_DATA_DIR", folder.path())
            .env(
                "PARCHMENT_MAIL",
                format!("file:{}", folder.path().join("mail").display()),
            )
            .env("PARCHMENT_ALLOW_LOOPBACK_PEERS", "true")
            .env("PARCHMENT_RATE_LIMITS", "off")
            .env("PARCHMENT_METRICS_LISTEN", format!("127.0.0.1:{metrics}"))
            .env("PARCHMENT_LOG", EVERYTHING)
            .env("PARCHMENT_LOG_FORMAT", format)
            .env("RUST_BACKTRACE", "full")
            .envs(more.iter().copied())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let program = Self {
            folder,
            http: http_client(),
            port,
            metrics,
            url,
            process,
        };
        for _ in 0..1000 {
            if program.http.get(program.url("/health/ready")).send().await.is_ok() {
                return program;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the program does not answer: {}", program.log());
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// All that it wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    pub async fn metrics(&self) -> String {
        answer(self.http.get(format!("http://127.0.0.1:{}/metrics", self.metrics)))
            .await
            .expect(200)
            .text
    }

    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    /// Asks for a code and waits for the one in the log or the mail that was not there before.
    pub async fn code_for(&self, email: &str) -> String {
        let place = self.path("mail");
        let before = codes_in(&place, email);
        self.call(Method::POST, "/auth/verify", None, Some(json!({ "email": email })))
            .await
            .expect(201);
        for _ in 0..1000 {
            if let Some(code) = codes_in(&place, email).into_iter().find(|code| !before.contains(code)) {
                return code;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no code was mailed to {email}");
    }

    /// Ends it and gives all that it wrote.
    pub fn end(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.log()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn codes_in(mail: &Path, email: &str) -> Vec<String> {
    let letters = fs::read_dir(mail)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let letters = letters.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    let texts = letters
        .filter_map(|path| fs::read_to_string(path).ok())
        .filter(|text| text.contains(email));
    let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
    texts
        .filter_map(|text| text.split_whitespace().find(is_code).map(str::to_owned))
        .collect()
}

/// Somebody with a session and keys, and every secret that came into being with her.
pub struct Somebody<'a> {
    pub program: &'a Program,
    pub token: String,
    pub handle: Handle,
    pub key: SigningKey,
    pub secrets: Vec<String>,
}

impl<'a> Somebody<'a> {
    pub async fn new(program: &'a Program, alias: &str) -> Self {
        let email = format!("{alias}@mail.example");
        let code = program.code_for(&email).await;
        let body = json!({ "method": "otp", "email": email, "token": code });
        let signed_in = program
            .call(Method::POST, "/auth/sessions", None, Some(body))
            .await
            .expect(201);
        let token = signed_in.body["token"].as_str().unwrap().to_owned();
        let body = json!({ "alias": alias });
        let named = program
            .call(Method::PATCH, "/users/me/alias", Some(&token), Some(body))
            .await
            .expect(200);
        let seed = random::<32>();
        let mut this = Self {
            program,
            secrets: vec![code, token.clone(), encoding::encode(&seed), hex(&seed)],
            token,
            handle: Handle::parse(named.body["handle"].as_str().unwrap()).unwrap(),
            key: SigningKey::from_seed(&seed),
        };
        this.register_keys().await;
        this
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.program.call(method, path, Some(&self.token), body).await
    }

    pub async fn register_keys(&mut self) {
        let mut encryption = random::<32>();
        encryption[31] &= 0x3f;
        let keys = json!({
            "signingKey": self.key.verifying_key().to_base64(),
            "encryptionKey": encoding::encode(&encryption),
        });
        self.call(Method::PUT, "/users/me/keys", Some(keys)).await.expect(200);
    }

    /// Signature, nonce and timestamp over a message of hers; the signature is hers to give, so it counts as a secret.
    pub fn sign(&mut self, kind: Kind, to: &Handle) -> [String; 3] {
        let (nonce, now) = (Nonce::from_bytes(random()), Timestamp::from_instant(SystemClock.now()));
        let message =
            UserMessage::new(kind, self.handle.clone(), to.clone(), nonce, now.clone(), Object::new()).unwrap();
        let signature = message.sign(&self.key).signature().to_base64();
        self.secrets.push(signature.clone());
        [signature, nonce.to_base64(), now.to_string()]
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
