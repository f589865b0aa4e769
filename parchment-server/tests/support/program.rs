//! The program itself, as a process of its own that can be killed.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use parchment_core::handle::{Handle, ServerId};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    app::{Answer, answer, free_port, http_client},
    database,
};

/// The program on a folder and a port; killed when dropped.
pub struct Program {
    pub folder: TempDir,
    port: u16,
    pub id: ServerId,
    pub http: reqwest::Client,
    pub process: Option<Child>,
    /// What a shell does before it becomes the program; nothing, and there is no shell.
    pub prelude: &'static str,
    /// The database, where it is not a file in the folder.
    pub postgres: Option<String>,
    /// What else its command needs.
    pub configure: fn(&mut Command),
    log: Option<JoinHandle<String>>,
}

impl Program {
    pub fn new() -> Self {
        let port = free_port();
        Self {
            folder: tempfile::tempdir().unwrap(),
            port,
            id: ServerId::parse(&format!("localhost:{port}")).unwrap(),
            http: http_client(),
            process: None,
            prelude: "",
            postgres: database::fresh(),
            configure: |_| {},
            log: None,
        }
    }

    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite://{}?mode=rw", self.folder.path().join("parchment.db").display());
        self.postgres.clone().unwrap_or_else(file)
    }

    fn mail(&self) -> std::path::PathBuf {
        self.folder.path().join("mail")
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_parchment-server");
        if self.prelude.is_empty() {
            return Command::new(program);
        }
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{} exec \"$0\"", self.prelude), program]);
        shell
    }

    /// Starts it; it answers when this returns.
    pub async fn start(&mut self) {
        let mut command = self.command();
        command
            .env_clear()
            .env("PARCHMENT_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("PARCHMENT_PUBLIC_ORIGIN", format!("http://{}", self.id))
            .env("PARCHMENT_DATA_DIR", self.folder.path())
            .env("PARCHMENT_MAIL", format!("file:{}", self.mail().display()))
            .env("PARCHMENT_RATE_LIMITS", "off")
            .env("PARCHMENT_ALLOW_LOOPBACK_PEERS", "true")
            .env("PARCHMENT_LOG", "error")
            .stdout(Stdio::null());
        if let Some(url) = &self.postgres {
            command.env("DATABASE_URL", url);
        }
        (self.configure)(&mut command);
        let mut process = command.spawn().unwrap();
        // Read all along: a full pipe would hold the program up.
        self.log = process.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut text = String::new();
                stderr.read_to_string(&mut text).unwrap();
                text
            })
        });
        self.process = Some(process);
        let manifest = format!("{}/.well-known/parchment-server", self.origin());
        for _ in 0..500 {
            if self.http.get(&manifest).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the program does not answer");
    }

    /// `kill -9`: no signal handler, no destructor, no last write.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// What it logged until it was killed, where its standard error is piped.
    pub fn log(&mut self) -> String {
        self.log.take().unwrap().join().unwrap()
    }

    pub async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.origin()));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string());
        let request = if token.is_empty() {
            request
        } else {
            request.bearer_auth(token)
        };
        answer(request).await
    }

    /// Signs somebody in, through the one mail to her address; gives token and user id.
    pub async fn sign_in(&self, email: &str) -> (String, String) {
        let body = json!({ "email": email });
        self.call(Method::POST, "/auth/verify", "", body).await.expect(201);
        let mut code = None;
        for _ in 0..500 {
            code = code_for(&self.mail(), email);
            if code.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let body = json!({ "method": "otp", "email": email, "token": code.unwrap() });
        let session = self.call(Method::POST, "/auth/sessions", "", body).await.expect(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&session.body["token"]), text(&session.body["user"]["id"]))
    }

    /// Signs a user up through mail; gives her handle.
    pub async fn sign_up(&self, alias: &str) -> Handle {
        let (token, _) = self.sign_in(&format!("{alias}@mail.example")).await;
        let body = json!({ "alias": alias });
        let named = self
            .call(Method::PATCH, "/users/me/alias", &token, body)
            .await
            .expect(200);
        Handle::parse(named.body["handle"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The code mailed to an address that got one mail.
pub fn code_for(mail: &Path, email: &str) -> Option<String> {
    let paths = fs::read_dir(mail).ok()?.flatten().map(|entry| entry.path());
    let letters = paths.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    let text = letters
        .filter_map(|path| fs::read_to_string(path).ok())
        .find(|text| text.contains(email))?;
    let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
    text.split_whitespace().find(is_code).map(str::to_owned)
}
