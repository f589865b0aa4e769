use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
};

use reqwest::Method;
use serde_json::Value;

use crate::support::app::{self, TestApp, free_port, http_client};

/// The program in a process of its own, with its log.
struct Process {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Process {
    async fn start(log: &str, format: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let child = Command::new(env!("CARGO_BIN_EXE_parchment-server"))
            .args([
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--log",
                log,
                "--log-format",
                format,
            ])
            .args(["--public-origin", &format!("http://localhost:{port}")])
            .env_clear()
            .env("PARCHMENT_DATA_DIR", folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let process = Self {
            child,
            port,
            _folder: folder,
        };
        for _ in 0..500 {
            if process
                .get("/health/ready")
                .await
                .is_some_and(|answer| answer.status == 200)
            {
                return process;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the server did not start");
    }

    async fn get(&self, path: &str) -> Option<app::Answer> {
        let request = http_client().get(format!("http://127.0.0.1:{}{path}", self.port));
        request.try_clone()?.send().await.ok()?;
        Some(app::answer(request).await)
    }

    /// Ends the process and gives what it logged.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

fn request_id(answer: &app::Answer) -> &str {
    answer.headers["x-request-id"].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_logged_in_json_under_the_id_that_its_answer_carries() {
    let process = Process::start("info", "json").await;
    let answer = process.get("/friends?secret=in-the-query").await.unwrap();
    let id = request_id(&answer).to_owned();
    let log = process.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["span"]["id"] == id.as_str()).expect(&log);
    assert_eq!(
        (&line["message"], &line["path"], &line["status"], &line["code"]),
        (&"refused".into(), &"/friends".into(), &401.into(), &"signed_out".into()),
        "{line}"
    );
    assert!(!log.contains("in-the-query"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_lines_to_read_and_no_more_than_they_asked_for() {
    let process = Process::start("warn", "pretty").await;
    process.get("/friends").await.unwrap();
    let log = process.log();
    assert!(!log.contains("refused") && !log.contains("listening"), "{log}");
    let process = Process::start("debug", "pretty").await;
    process.get("/health/live").await.unwrap();
    let log = process.log();
    assert!(log.contains("listening") && log.contains("/health/live"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_of_its_own() {
    let app = TestApp::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/health/live", "/friends", "/no/such/path", "/health/live"] {
        let answer = app.call(Method::GET, path, None).await;
        assert!(seen.insert(request_id(&answer).to_owned()));
    }
}
