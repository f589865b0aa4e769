//! What these tests share.

pub use std::fs;

pub use parchment_core::{
    canonical::Object,
    encoding,
    envelope::{Kind, UserMessage},
    handle::Handle,
    keys::SigningKey,
    nonce::Nonce,
    time::{Clock as _, Timestamp},
};
pub use parchment_server::{
    app::SystemClock,
    config::{Registration, Switch},
    store::entities::{
        envelope_nonces, login_code_sends, login_codes, peers, revocations, role_permissions, roles, sessions,
        transport_nonces, user_roles, users,
    },
};
pub use reqwest::Method;
pub use serde_json::{Value, json};

pub use crate::support::{
    app::{Person, TestApp, answer, random},
    crowd::{at_once, post_at_once},
    rows,
    stranger::{Manner, StrangeServer, Stranger},
};

pub async fn ask_for_code(app: &TestApp, email: &str) -> String {
    app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
        .await
        .expect(201);
    app.code_for(email).await
}

pub fn sign_in(email: &str, code: &str) -> Value {
    json!({ "method": "otp", "email": email, "token": code })
}

/// Codes other than the right one.
pub fn wrong_codes(right: &str, count: usize) -> impl ExactSizeIterator<Item = String> + use<> {
    let right: usize = right.parse().unwrap();
    (0..count).map(move |offset| format!("{:08}", (right + 1 + offset) % 100_000_000))
}

pub async fn limits(switch: Switch) -> TestApp {
    TestApp::start_with(|settings| settings.rate_limits = switch).await
}

pub fn from_hex(hex: &str) -> [u8; 32] {
    let bytes: Vec<u8> = (0..32)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

/// Alice after a reset, with new keys and one entry in her queue: a user of a server that counts.
pub async fn alice_with_a_revocation<'a>(app: &'a TestApp, server: &StrangeServer) -> (Person<'a>, Stranger) {
    let peer = server.user("peer");
    let mut alice = app.person("alice").await;
    alice.invite(&peer.handle).await.expect(200);
    alice
        .post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
        .await
        .expect(200);
    alice.key = SigningKey::from_seed(&random());
    alice.register_keys().await;
    (alice, peer)
}

/// An item for `peer` with a signature over a message that may be another.
pub fn item(key: &SigningKey, kind: Kind, from: &Handle, to: &Handle, peer: &Handle, payload: Object) -> Value {
    let (nonce, timestamp) = (Nonce::from_bytes(random()), Timestamp::from_instant(SystemClock.now()));
    let message = UserMessage::new(kind, from.clone(), to.clone(), nonce, timestamp.clone(), payload).unwrap();
    json!({
        "peerHandle": peer.as_str(),
        "signature": message.sign(key).signature().to_base64(),
        "nonce": nonce.to_base64(),
        "timestamp": timestamp.to_string(),
    })
}
