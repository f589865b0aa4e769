//! What a person has, by the kind of id that operations ask for.
//!
//! This is the table to extend: an operation whose path has an id of a kind that is not here fails the tests.

use std::collections::BTreeMap;

use parchment_core::{envelope::Kind, keys::SigningKey};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::document::{Auth, Operation, operations};
use crate::support::{
    app::{Person, TestApp, random},
    stranger::StrangeServer,
};

const NO_ID: &str = "01890000-0000-7000-8000-000000000000";

/// Ids of one kind: those that alice has, and one that nobody has.
#[derive(Debug)]
pub struct Ids {
    pub alices: Vec<String>,
    pub nobodys: String,
}

/// What an id in a path is of.
pub enum Kept {
    /// Something of alice's.
    Things(Ids),
    /// Something that the server shows to whoever asks, and why.
    Published(&'static str),
}

/// Alice, who runs the server and has one of everything.
pub struct Alice<'a> {
    pub person: Person<'a>,
    session: String,
    invitations: Vec<String>,
    friend: String,
    queued: String,
    nobody_elsewhere: String,
}

/// The part of a path up to its first parameter, which says what the id in it is of.
pub fn kind_of(path: &str) -> String {
    let end = path.find('}').map_or(path.len(), |at| at + 1);
    path[..end].to_owned()
}

impl<'a> Alice<'a> {
    /// Signs alice in and gives her things; she is the first here, so she may do everything.
    pub async fn with_everything(app: &'a TestApp, elsewhere: &StrangeServer) -> Self {
        let mut person = app.person("alice").await;
        let peer = elsewhere.user("peer");
        elsewhere
            .send(app, &peer, Kind::FriendInvite, person.handle())
            .await
            .expect(202);
        // A reset queues the peer to be told.
        person
            .post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
            .await
            .expect(200);
        person.key = SigningKey::from_seed(&random());
        person.register_keys().await;

        let carol = app.person("carol").await;
        carol.invite(person.handle()).await.expect(200);
        let from_carol = person.incoming().await.remove(0);
        person.accept(&from_carol, carol.handle()).await.expect(200);
        app.person("dave").await.invite(person.handle()).await.expect(200);
        person.invite(app.person("erin").await.handle()).await.expect(200);
        let listed = person.get("/friends/invitations").await.expect(200).body;
        let invitations = listed["invitations"].as_array().unwrap();
        assert_eq!(invitations.len(), 2);

        let other = app.sign_in("alice@mail.example").await;
        let sessions = other.get("/auth/sessions").await.expect(200).body;
        let session = sessions
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["current"] == true)
            .unwrap();
        Self {
            session: text(&session["id"]),
            invitations: invitations.iter().map(|one| text(&one["id"])).collect(),
            friend: carol.handle().to_string(),
            queued: peer.handle.to_string(),
            nobody_elsewhere: elsewhere.handle("nobody").to_string(),
            person,
        }
    }

    /// What the id in a path is of; a kind that is not known here fails.
    pub fn kept(&self, operation: &Operation) -> Kept {
        let things = |alices: &[&str], nobodys: &str| {
            Kept::Things(Ids {
                alices: alices.iter().map(|id| (*id).to_owned()).collect(),
                nobodys: nobodys.to_owned(),
            })
        };
        let invitations: Vec<&str> = self.invitations.iter().map(String::as_str).collect();
        match kind_of(&operation.path).as_str() {
            "/auth/sessions/{sessionId}" => things(&[&self.session], NO_ID),
            "/friends/invitations/{id}" => things(&invitations, NO_ID),
            "/friends/{handle}" => things(&[&self.friend], &format!("nobody@{}", self.person.app.id)),
            "/users/me/revocations/pending/{peerHandle}" => things(&[&self.queued], &self.nobody_elsewhere),
            "/users/{id}" => things(&[&self.person.id], NO_ID),
            "/users/roles/{id}" => things(&["admin", "basic"], "no-such-role"),
            "/users/permissions/{id}" => things(&["users:read"], "no:such"),
            "/.well-known/user/{alias}" => Kept::Published("a user's handle and public keys are for every server"),
            "/friends/resolve/{handle}" => Kept::Published("it shows what /.well-known/user/{alias} shows"),
            kind => panic!("say in things.rs whose the id in {kind} is and how she comes by one"),
        }
    }

    /// Everything that alice can read without naming an id, by operation.
    ///
    /// Made from the document, so that whatever operations show of her is compared.
    pub async fn seen(&self) -> BTreeMap<String, Value> {
        let mut seen = BTreeMap::new();
        for operation in operations() {
            let reads = operation.method == Method::GET && operation.auth == Auth::Session;
            if reads && operation.parameters().is_empty() && !operation.needs_query {
                let answer = self.person.get(&operation.path).await;
                assert!(answer.status < 300, "{}: {}", operation.name(), answer.text);
                seen.insert(operation.name(), answer.body);
            }
        }
        assert!(seen.len() > 5);
        seen
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A value as it stands in a path.
pub fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}
