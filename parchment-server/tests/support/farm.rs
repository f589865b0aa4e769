//! Several processes of the program over one PostgreSQL database, behind a proxy that takes them in turn.

use std::{
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parchment_core::{
    encoding,
    handle::{Handle, ServerId},
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::{
    app::{Answer, answer, free_port, http_client, random},
    peer::RawInbox,
    program::code_for,
};

/// How many processes there are.
pub const PROCESSES: usize = 3;

/// The processes; killed when dropped.
pub struct Farm {
    folder: TempDir,
    pub url: String,
    pub id: ServerId,
    pub http: reqwest::Client,
    ports: [u16; PROCESSES],
    processes: Vec<Option<Child>>,
    key: String,
}

impl Farm {
    /// Starts all of them at once, on a database without tables.
    pub async fn start(url: String) -> Self {
        let ports = std::array::from_fn(|_| free_port());
        let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = front.local_addr().unwrap().port();
        tokio::spawn(balance(front, ports));
        let mut farm = Self {
            folder: tempfile::tempdir().unwrap(),
            url,
            id: ServerId::parse(&format!("localhost:{port}")).unwrap(),
            http: http_client(),
            ports,
            processes: Vec::new(),
            key: encoding::encode(&random::<32>()),
        };
        for number in 0..PROCESSES {
            let process = farm.spawn(number);
            farm.processes.push(Some(process));
        }
        for number in 0..PROCESSES {
            farm.wait_for(number).await;
        }
        farm
    }

    fn spawn(&self, number: usize) -> Child {
        Command::new(env!("CARGO_BIN_EXE_parchment-server"))
            .env_clear()
            .env("DATABASE_URL", &self.url)
            .env("SERVER_IDENTITY_PRIVATE_KEY", &self.key)
            .env("PARCHMENT_LISTEN", format!("127.0.0.1:{}", self.ports[number]))
            .env("PARCHMENT_PUBLIC_ORIGIN", self.origin())
            .env("PARCHMENT_DATA_DIR", self.folder.path().join(number.to_string()))
            .env("PARCHMENT_MAIL", format!("file:{}", self.mail().display()))
            .env("PARCHMENT_RATE_LIMITS", "off")
            .env("PARCHMENT_ALLOW_LOOPBACK_PEERS", "true")
            .env("PARCHMENT_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    async fn wait_for(&self, number: usize) {
        let ready = format!("{}/health/ready", self.origin_of(number));
        for _ in 0..1000 {
            if let Ok(answer) = self.http.get(&ready).send().await
                && answer.status() == 200
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("process {number} does not answer");
    }

    fn mail(&self) -> std::path::PathBuf {
        self.folder.path().join("mail")
    }

    /// Where the proxy is.
    pub fn origin(&self) -> String {
        format!("http://{}", self.id)
    }

    /// Where one of the processes is.
    pub fn origin_of(&self, number: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[number % PROCESSES])
    }

    /// `kill -9` for one of them.
    pub fn kill(&mut self, number: usize) {
        if let Some(mut process) = self.processes[number].take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// A process, to be killed by somebody else.
    pub fn take(&mut self, number: usize) -> Child {
        self.processes[number].take().unwrap()
    }

    /// Puts one back that was taken.
    pub fn put_back(&mut self, number: usize, process: Child) {
        self.processes[number] = Some(process);
    }

    /// Starts one that was killed.
    pub async fn revive(&mut self, number: usize) {
        self.processes[number] = Some(self.spawn(number));
        self.wait_for(number).await;
    }

    /// A request to one of the processes.
    pub fn request(
        &self,
        number: usize,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.origin_of(number)));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string());
        match token {
            "" => request,
            token => request.bearer_auth(token),
        }
    }

    /// Posts to one of the processes.
    pub async fn post(&self, number: usize, path: &str, token: &str, body: &Value) -> Answer {
        answer(self.request(number, Method::POST, path, token, body)).await
    }

    /// Sends the same to every process at once, so many times; gives the answers.
    pub async fn post_everywhere(&self, times: usize, path: &str, token: &str, body: &Value) -> Vec<Answer> {
        let all = (0..times * PROCESSES).map(|number| self.post(number, path, token, body));
        futures_util::future::join_all(all).await
    }

    /// Asks one process for a code and gives it when it was mailed.
    pub async fn code_for(&self, number: usize, email: &str) -> String {
        self.post(number, "/auth/verify", "", &json!({ "email": email }))
            .await
            .expect(201);
        for _ in 0..500 {
            if let Some(code) = code_for(&self.mail(), email) {
                return code;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no code was mailed to {email}");
    }

    /// Signs somebody in, each step at another process; gives her token.
    pub async fn sign_in(&self, email: &str) -> String {
        let code = self.code_for(0, email).await;
        let body = json!({ "method": "otp", "email": email, "token": code });
        let session = self.post(1, "/auth/sessions", "", &body).await.expect(201);
        session.body["token"].as_str().unwrap().to_owned()
    }

    /// Signs somebody up; gives her token and handle.
    pub async fn person(&self, alias: &str) -> (String, Handle) {
        let token = self.sign_in(&format!("{alias}@mail.example")).await;
        let body = json!({ "alias": alias });
        let named = answer(self.request(2, Method::PATCH, "/users/me/alias", &token, &body))
            .await
            .expect(200);
        (token, Handle::parse(named.body["handle"].as_str().unwrap()).unwrap())
    }

    /// Delivers a message to one of the processes.
    pub async fn deliver(&self, number: usize, request: &RawInbox) -> Answer {
        answer(request.at(&self.http, &self.origin_of(number))).await
    }

    /// Delivers a message by way of the proxy, over a connection of its own; none when no answer came.
    pub async fn deliver_to_any(&self, request: &RawInbox) -> Option<u16> {
        let request = request.at(&self.http, &self.origin()).header("connection", "close");
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        response.bytes().await.ok().map(|_| status)
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        for number in 0..self.processes.len() {
            self.kill(number);
        }
    }
}

/// Passes each connection to the next process that takes it.
async fn balance(front: TcpListener, ports: [u16; PROCESSES]) {
    let turn = Arc::new(AtomicUsize::new(0));
    while let Ok((mut client, _)) = front.accept().await {
        let turn = turn.clone();
        tokio::spawn(async move {
            let first = turn.fetch_add(1, Ordering::Relaxed);
            for number in first..first + PROCESSES {
                if let Ok(mut server) = TcpStream::connect(("127.0.0.1", ports[number % PROCESSES])).await {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
            }
        });
    }
}
