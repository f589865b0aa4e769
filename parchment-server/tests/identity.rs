//! Alias and keys, reset, and the revocations that follow it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "identity/alias.rs"]
mod alias;
#[path = "identity/keys.rs"]
mod keys;
#[path = "identity/reset.rs"]
mod reset;
#[path = "identity/revocations.rs"]
mod revocations;

use parchment_core::{envelope::Kind, handle::Handle};
use serde_json::{Value, json};

use support::app::{Answer, Person};

/// Resets an identity.
async fn start_over(person: &Person<'_>) -> Answer {
    person
        .post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
        .await
}

/// The handles that a person has still to tell.
async fn pending(person: &Person<'_>) -> Vec<String> {
    let list = person.get("/users/me/revocations/pending").await.expect(200).body;
    let rows = list["revocations"].as_array().unwrap().iter();
    rows.map(|row| row["peerHandle"].as_str().unwrap().to_owned()).collect()
}

/// An item to be flushed, signed now.
fn item(person: &Person<'_>, peer: &Handle) -> Value {
    let (signature, nonce, timestamp) = person.sign(Kind::RelationshipRevoke, peer);
    json!({ "peerHandle": peer.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp })
}

/// Text as it stands in a path.
fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
