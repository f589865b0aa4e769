//! A headless Chromium, driven through WebDriver (W3C) by HTTP.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::app::{answer, http_client};

/// How long something on the page may take to show on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page; it ends when this is dropped.
pub struct Browser {
    driver: Child,
    session: String,
    http: reqwest::Client,
    _profile: TempDir,
}

fn program(names: &[&str]) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| env::split_paths(&folders).map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

impl Browser {
    /// Starts a browser that can reach this machine and nothing else.
    ///
    /// None, and a line that says so, where there is no Chromium; a failure where `PARCHMENT_REQUIRE_SERVICES` is 1.
    pub async fn start() -> Option<Self> {
        let found = program(&["chromium", "chromium-browser", "google-chrome"]).zip(program(&["chromedriver"]));
        let Some((chromium, chromedriver)) = found else {
            assert!(
                env::var_os("PARCHMENT_REQUIRE_SERVICES").is_none_or(|required| required != "1"),
                "chromium and chromedriver are needed: apt-get install chromium chromium-driver"
            );
            eprintln!("passed over: chromium and chromedriver are not installed");
            return None;
        };
        let mut driver = Command::new(chromedriver)
            .args(["--port=0", "--log-level=WARNING"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        // Whoever stops reading would block the driver once it has said enough.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{}/session", port.expect("the driver names its port")),
            http: http_client(),
            _profile: profile,
        };
        let user_data = format!("--user-data-dir={}", browser._profile.path().display());
        let session = browser
            .command(
                "",
                json!({ "capabilities": { "alwaysMatch": {
                    "goog:chromeOptions": { "binary": chromium, "args": [
                        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                        "--disable-background-networking", "--disable-component-update", "--disable-sync",
                        "--disable-dev-shm-usage", "--window-size=1200,1000", "--lang=en-US",
                        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
                        user_data,
                    ] },
                    "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
                } } }),
            )
            .await;
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("{session}"));
        browser.session = format!("{}/{id}", browser.session);
        // What the policy of a page forbids is noted before anything of the page runs.
        let note = "window.forbidden = []; document.addEventListener('securitypolicyviolation', event => \
                    window.forbidden.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile));";
        let on_load = json!({ "source": note });
        browser.debug("Page.addScriptToEvaluateOnNewDocument", on_load).await;
        // What the browser's own first page asked for is not the test's.
        browser.open("about:blank").await;
        browser.requested().await;
        Some(browser)
    }

    fn end_session(&self) -> std::io::Result<usize> {
        let address = self.session.trim_start_matches("http://");
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "DELETE /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        )?;
        stream.read_to_end(&mut Vec::new())
    }

    async fn command(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.session));
        let answered = answer(
            request
                .header("content-type", "application/json")
                .body(body.to_string()),
        )
        .await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        answered.body["value"].clone()
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.command("/url", json!({ "url": url })).await;
    }

    /// Runs a script on the page and gives what it returns, also what it promises.
    pub async fn run(&self, script: &str) -> Value {
        self.command("/execute/sync", json!({ "script": script, "args": [] }))
            .await
    }

    /// Waits until an expression is true on the page.
    pub async fn wait_for(&self, expression: &str) {
        let start = Instant::now();
        while self.run(&format!("return Boolean({expression});")).await != json!(true) {
            if start.elapsed() > PATIENCE {
                let page = self.run("return document.body.innerText.slice(0, 2000);").await;
                panic!(
                    "never so: {expression}\nconsole: {:#?}\npage: {page}",
                    self.log("browser").await
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for an element and clicks it as a person does.
    pub async fn click(&self, selector: &str) {
        self.wait_for(&format!("document.querySelector({})", json!(selector)))
            .await;
        let id = self.element(selector).await;
        self.run(&format!(
            "document.querySelector({}).scrollIntoView({{block: 'center'}});",
            json!(selector)
        ))
        .await;
        self.command(&format!("/element/{id}/click"), json!({})).await;
    }

    /// Replaces what is in a field by typing.
    pub async fn enter(&self, selector: &str, text: &str) {
        self.run(&format!("document.querySelector({}).select();", json!(selector)))
            .await;
        let id = self.element(selector).await;
        self.command(&format!("/element/{id}/value"), json!({ "text": text }))
            .await;
    }

    /// Loads the page anew.
    pub async fn reload(&self) {
        self.command("/refresh", json!({})).await;
    }

    /// Says yes to what a dialog asks.
    pub async fn accept_dialog(&self) {
        self.command("/alert/accept", json!({})).await;
    }

    /// Sends a command of the browser's debugging protocol.
    pub async fn debug(&self, command: &str, params: Value) -> Value {
        let command = json!({ "cmd": command, "params": params });
        self.command("/goog/cdp/execute", command).await
    }

    async fn element(&self, selector: &str) -> String {
        let found = json!({ "using": "css selector", "value": selector });
        let found = self.command("/element", found).await;
        let id = found.as_object().unwrap().values().next().unwrap();
        id.as_str().unwrap().to_owned()
    }

    /// What a log has gathered since it was last asked for.
    pub async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.command("/se/log", json!({ "type": kind })).await;
        entries.as_array().unwrap().clone()
    }

    /// What the browser asked for, by address.
    pub async fn requested(&self) -> Vec<String> {
        let events = self.log("performance").await;
        let events = events
            .iter()
            .map(|entry| serde_json::from_str::<Value>(entry["message"].as_str().unwrap()).unwrap());
        events
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .map(|event| {
                event["message"]["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    /// What is seen, as PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        let url = format!("{}/screenshot", self.session);
        let encoded = answer(self.http.get(url)).await.expect(200).body["value"].clone();
        parchment_core::encoding::decode(encoded.as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes the browser with it only when it is asked to, also when a test fails.
        let _ = self.end_session();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
