//! Signing in and out: codes, sessions, the cookie.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "auth/codes.rs"]
mod codes;
#[path = "auth/cookie.rs"]
mod cookie;
#[path = "auth/registration.rs"]
mod registration;
#[path = "auth/sessions.rs"]
mod sessions;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use support::app::{Answer, TestApp};

/// The body of a sign-in.
fn sign_in(email: &str, code: &str) -> Value {
    json!({ "method": "otp", "email": email, "token": code })
}

async fn verify(app: &TestApp, email: &str) -> Answer {
    app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
        .await
}

async fn redeem(app: &TestApp, email: &str, code: &str) -> Answer {
    app.call(Method::POST, "/auth/sessions", Some(sign_in(email, code)))
        .await
}

/// Asks for a code and waits for this very one.
async fn new_code(app: &TestApp, email: &str) -> String {
    new_code_in(app, email, email).await
}

/// Asks for a code that goes to an address in another spelling.
async fn new_code_in(app: &TestApp, mailbox: &str, asked: &str) -> String {
    let before = app.mailed_codes(mailbox);
    verify(app, asked).await.expect(201);
    for _ in 0..1000 {
        let mut codes = app.mailed_codes(mailbox);
        if codes.len() > before.len() {
            // Which of two equal ones is new makes no difference.
            codes.retain(|code| !before.contains(code));
            return codes.pop().unwrap_or_else(|| before[0].clone());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no new code was mailed to {mailbox}");
}
