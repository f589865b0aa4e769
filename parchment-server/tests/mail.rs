//! Sign-in codes by mail, against a mail server on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::json;
use support::app::TestApp;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// A mail server that answers DATA with the next of its replies, and 250 when they are used up.
struct MailServer {
    port: u16,
    replies: Mutex<Vec<&'static str>>,
    mails: Mutex<Vec<String>>,
    came: Notify,
}

impl MailServer {
    async fn start(replies: &[&'static str]) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            replies: Mutex::new(replies.iter().rev().copied().collect()),
            mails: Mutex::default(),
            came: Notify::new(),
        });
        let this = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = this.clone();
                tokio::spawn(async move { this.serve(stream).await });
            }
        });
        server
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.example ESMTP\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let reply = match line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => "250 mail.example",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                        mail += &line;
                        mail += "\n";
                    }
                    self.mails.lock().unwrap().push(mail);
                    self.came.notify_one();
                    self.replies.lock().unwrap().pop().unwrap_or("250 taken")
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            write.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }

    /// Waits until so many mails came.
    async fn wait_for(&self, count: usize) -> Vec<String> {
        while self.mails.lock().unwrap().len() < count {
            self.came.notified().await;
        }
        self.mails.lock().unwrap().clone()
    }

    async fn app(&self) -> TestApp {
        let url = format!("smtp://127.0.0.1:{}", self.port);
        TestApp::start_with(|settings| settings.mail = url.parse().unwrap()).await
    }
}

async fn ask(app: &TestApp, email: &str) {
    app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_out_as_text_and_html_and_opens_a_session() {
    let server = MailServer::start(&[]).await;
    let app = server.app().await;
    ask(&app, "alice@mail.example").await;
    let mail = server.wait_for(1).await.remove(0);
    for part in [
        "From: Parchment <no-reply@localhost>",
        "To: alice@mail.example",
        "Content-Type: text/plain",
        "Content-Type: text/html",
    ] {
        assert!(mail.contains(part), "{part} is missing:\n{mail}");
    }
    let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
    let code = mail.split_whitespace().find(is_code).unwrap();
    assert!(mail.matches(code).count() >= 3, "in subject, text and HTML:\n{mail}");
    let body = json!({ "method": "otp", "email": "alice@mail.example", "token": code });
    app.call(Method::POST, "/auth/sessions", Some(body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_cannot_take_now_is_tried_again() {
    let server = MailServer::start(&["451 try later"]).await;
    let app = server.app().await;
    ask(&app, "alice@mail.example").await;
    let mails = server.wait_for(2).await;
    let subject = |mail: &String| {
        mail.lines()
            .find(|line| line.starts_with("Subject:"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(subject(&mails[0]), subject(&mails[1]), "the same code");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_gone_holds_up_nobody() {
    let port = support::app::free_port();
    let app = TestApp::start_with(|settings| settings.mail = format!("smtp://127.0.0.1:{port}").parse().unwrap()).await;
    ask(&app, "alice@mail.example").await;
    app.call(Method::GET, "/.well-known/parchment-server", None)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_comes_from_whom_the_setting_names() {
    let server = MailServer::start(&[]).await;
    let app = TestApp::start_with(|settings| {
        settings.mail = format!("smtp://127.0.0.1:{}", server.port).parse().unwrap();
        settings.mail_from = Some("Home <post@home.example>".parse().unwrap());
    })
    .await;
    ask(&app, "alice@mail.example").await;
    let mail = server.wait_for(1).await.remove(0);
    assert!(mail.contains("From: Home <post@home.example>"), "{mail}");
}
