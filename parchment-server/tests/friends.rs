//! Friends and invitations: every operation, each refusal, and what a lossy network does to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "friends/answering.rs"]
mod answering;
#[path = "friends/ending.rs"]
mod ending;
#[path = "friends/inviting.rs"]
mod inviting;
#[path = "friends/keeping_up.rs"]
mod keeping_up;
#[path = "friends/lost.rs"]
mod lost;
#[path = "friends/racing.rs"]
mod racing;

use parchment_core::{envelope::Kind, handle::Handle};
use serde_json::{Value, json};

use support::app::Person;

/// A whole envelope, as accepting and rejecting take it.
fn envelope(person: &Person<'_>, kind: Kind, to: &Handle) -> Value {
    let (signature, nonce, timestamp) = person.sign(kind, to);
    json!({ "signature": signature, "nonce": nonce, "timestamp": timestamp })
}

/// The body of an invitation with a whole envelope.
fn invitation(person: &Person<'_>, to: &Handle) -> Value {
    let mut body = envelope(person, Kind::FriendInvite, to);
    body["handle"] = json!(to.as_str());
    body
}

/// A signed end, as it stands in a body.
fn revocation(person: &Person<'_>, to: &Handle) -> Value {
    let (signature, nonce, timestamp) = person.sign(Kind::RelationshipRevoke, to);
    json!({ "revoke_signature": signature, "revoke_nonce": nonce, "revoke_timestamp": timestamp })
}

/// Text as it stands in a path or query.
fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The same signed end as it stands in a query.
fn as_query(revocation: &Value) -> String {
    let pairs = revocation.as_object().unwrap().iter();
    pairs
        .map(|(name, value)| format!("{name}={}", percent(value.as_str().unwrap())))
        .collect::<Vec<_>>()
        .join("&")
}

/// The caller's open invitations, each as direction, other side and status.
async fn open(person: &Person<'_>) -> Vec<(String, String, String)> {
    let list = person.get("/friends/invitations").await.expect(200).body;
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    let rows = list["invitations"].as_array().unwrap().iter().map(|row| {
        let direction = text(row, "direction");
        let other = if direction == "incoming" {
            "fromHandle"
        } else {
            "toHandle"
        };
        (direction, text(row, other), text(row, "status"))
    });
    rows.collect()
}

/// The id of the caller's only invitation.
async fn only_id(person: &Person<'_>) -> String {
    let list = person.get("/friends/invitations").await.expect(200).body;
    assert_eq!(list["invitations"].as_array().unwrap().len(), 1, "{list}");
    list["invitations"][0]["id"].as_str().unwrap().to_owned()
}

/// Makes friends of two people through the operations.
async fn befriend(one: &Person<'_>, other: &Person<'_>) {
    one.invite(other.handle()).await.expect(200);
    let id = only_id(other).await;
    other.accept(&id, one.handle()).await.expect(200);
}

fn friend(handle: &Handle, status: &str) -> (String, String) {
    (handle.to_string(), status.to_owned())
}

fn row(direction: &str, handle: &Handle, status: &str) -> (String, String, String) {
    (direction.to_owned(), handle.to_string(), status.to_owned())
}
