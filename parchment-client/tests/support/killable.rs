//! A server in a process of its own, which can be killed: the test's own program, started once more.

use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use parchment_client::Client;
use parchment_core::handle::Origin;
use parchment_server::{Server, config::Switch};
use tempfile::TempDir;

use super::app::free_port;

const FOLDER: &str = "PARCHMENT_TEST_SERVER_FOLDER";
const PORT: &str = "PARCHMENT_TEST_SERVER_PORT";

/// The server of a test; killed when dropped.
pub struct Killable {
    folder: TempDir,
    port: u16,
    /// The test that calls [`serve`].
    test: &'static str,
    process: Arc<Mutex<Option<Child>>>,
}

/// Serves until it is killed, when it was started by [`Killable::start`]; does nothing otherwise.
pub async fn serve() {
    let (Ok(folder), Ok(port)) = (std::env::var(FOLDER), std::env::var(PORT)) else {
        return;
    };
    let mut settings = parchment_server::testing::settings(folder.as_ref());
    settings.listen.set_port(port.parse().unwrap());
    settings.public_origin = Origin::parse(&format!("http://localhost:{port}")).unwrap();
    settings.rate_limits = Switch::Off;
    let server = Server::start(settings).await.unwrap();
    server.run_until(std::future::pending()).await.unwrap();
}

impl Killable {
    pub fn new(test: &'static str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            port: free_port(),
            test,
            process: Arc::default(),
        }
    }

    /// Starts it, unless it runs; it answers when this returns.
    pub async fn start(&self) {
        if self.process.lock().unwrap().is_some() {
            return;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", self.test])
            .env(FOLDER, self.folder.path())
            .env(PORT, self.port.to_string());
        *self.process.lock().unwrap() = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        for _ in 0..1000 {
            if self.client().well_known().manifest().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server does not answer");
    }

    /// `kill -9` after a while: no signal handler, no destructor, no last write.
    pub fn kill_after(&self, wait: Duration) -> JoinHandle<()> {
        let process = self.process.clone();
        std::thread::spawn(move || {
            std::thread::sleep(wait);
            let process = process.lock().unwrap().take();
            if let Some(mut process) = process {
                process.kill().unwrap();
                process.wait().unwrap();
            }
        })
    }

    /// A client without a session and with connections of its own.
    pub fn client(&self) -> Client {
        Client::builder(&format!("http://localhost:{}", self.port))
            .retries(0)
            .build()
            .unwrap()
    }

    /// Signs somebody in by the one mail to her address; gives the token.
    pub async fn sign_in(&self, email: &str) -> String {
        let client = self.client();
        client.sign_in().request_code(email).await.unwrap();
        for _ in 0..1000 {
            if let Some(code) = self.code_for(email) {
                return client.sign_in().with_code(email, &code).await.unwrap().token;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no code was mailed");
    }

    fn code_for(&self, email: &str) -> Option<String> {
        let mails = fs::read_dir(self.folder.path().join("mail")).ok()?.flatten();
        let mails = mails
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "eml"));
        let text = mails
            .filter_map(|path| fs::read_to_string(path).ok())
            .find(|text| text.contains(email))?;
        let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
        text.split_whitespace().find(is_code).map(str::to_owned)
    }
}

impl Drop for Killable {
    fn drop(&mut self) {
        self.kill_after(Duration::ZERO).join().unwrap();
    }
}
