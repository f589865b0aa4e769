//! What a person has, by the kind of id that operations ask for.
//!
//! This is the table to extend: an operation whose path has an id of a kind that is not here fails the tests.

use std::collections::BTreeMap;

use parchment_core::{envelope::Kind, keys::SigningKey};
use parchment_server::store::entities::device_transfers;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    document::{Auth, Operation, operations},
    vault,
};
use crate::support::{
    app::{Person, TestApp, random},
    device::Device,
    rows,
    stranger::StrangeServer,
};

const NO_ID: &str = "01890000-0000-7000-8000-000000000000";

/// Ids of one kind, a value for each parameter of a path: those that alice has, and such as nobody has.
#[derive(Debug)]
pub struct Ids {
    pub alices: Vec<Vec<String>>,
    pub nobodys: Vec<String>,
}

/// What an id in a path is of.
pub enum Kept {
    /// Something of alice's.
    Things(Ids),
    /// Something of alice's under a name that she gave it: for everybody else the same name is of her own things.
    Named(Ids),
    /// Something of alice's of which others are told that it is not theirs, with this code, and why.
    NotYours(Ids, &'static str, &'static str),
    /// Something that the server shows to whoever asks, and why.
    Published(&'static str),
}

impl Kept {
    /// The ids of what is alice's own.
    pub fn own(self) -> Option<Ids> {
        match self {
            Self::Things(ids) | Self::Named(ids) | Self::NotYours(ids, ..) => Some(ids),
            Self::Published(_) => None,
        }
    }
}

/// Alice, who runs the server and has one of everything.
pub struct Alice<'a> {
    pub person: Person<'a>,
    /// What only she may read, as answers have it.
    pub private: Vec<String>,
    session: String,
    invitations: Vec<String>,
    friend: String,
    queued: String,
    nobody_elsewhere: String,
    role: String,
    passkey: String,
    /// The passkey that she has a recovery slot for.
    slot: String,
    collection: String,
    /// A point, behind the collection that it is in.
    point: [String; 2],
    transfers: Vec<String>,
}

const BLOB: &str = "blob-0";
const DEVICE: &str = "alices-device";

/// The part of a path up to its last parameter, which says what the ids in it are of.
pub fn kind_of(path: &str) -> String {
    let end = path.rfind('}').map_or(path.len(), |at| at + 1);
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
        let role = json!({ "name": "Keepers", "permissions": ["users:read"] });
        let role = person.post("/users/roles", role).await.expect(200).body;

        let passkey = text(&person.register(&Device::default()).await["id"]);
        let slot = text(&person.register(&Device::default()).await["id"]);
        let wrapped = vault::slot(&person.id, &slot, &person.key);
        person.post("/users/me/wrapped-keys", wrapped).await.expect(201);
        let (kept, more) = (
            vault::fill(&person, 1, 1).await,
            vault::fill(&person, 0, 1).await.points.remove(0),
        );
        let collection = kept.collections[0].clone();
        let mut private = Vec::new();
        for (path, place) in [
            (format!("/me/blobs/{BLOB}"), "/encryptedBlob"),
            (format!("/library/collections/{collection}"), "/metadataEncrypted"),
            (
                format!("/library/collections/{}/encrypted-points", more.0),
                "/points/0/encryptedData",
            ),
            (format!("/users/me/devices/{DEVICE}/wrap-secret"), "/secret"),
            ("/users/me/wrapped-keys".to_owned(), "/slots/0/wrappedKm"),
        ] {
            let answer = person.get(&path).await.expect(200);
            private.push(text(answer.body.pointer(place).unwrap()));
        }
        Self {
            session: text(&session["id"]),
            invitations: invitations.iter().map(|one| text(&one["id"])).collect(),
            friend: carol.handle().to_string(),
            queued: peer.handle.to_string(),
            nobody_elsewhere: elsewhere.handle("nobody").to_string(),
            role: text(&role["id"]),
            passkey,
            slot,
            collection,
            point: [more.0, more.1],
            transfers: transfers(&person).await,
            private,
            person,
        }
    }

    /// What the ids in a path are of; a kind that is not known here fails.
    pub fn kept(&self, operation: &Operation) -> Kept {
        let ids = |alices: &[&str], nobodys: &str| Ids {
            alices: alices.iter().map(|id| vec![(*id).to_owned()]).collect(),
            nobodys: vec![nobodys.to_owned()],
        };
        let things = |alices: &[&str], nobodys: &str| Kept::Things(ids(alices, nobodys));
        // Bytes as a credential id has them.
        let no_passkey = "AAAAAAAAAAAAAAAAAAAAAA";
        match kind_of(&operation.path).as_str() {
            "/auth/passkeys/{credentialId}" | "/auth/passkeys/{passkeyId}" => things(&[&self.passkey], no_passkey),
            "/auth/sessions/{sessionId}" => things(&[&self.session], NO_ID),
            "/device-transfer/{id}" => Kept::NotYours(
                ids(&all(&self.transfers), NO_ID),
                "not_yours",
                "http-api has 403 for the transfer of another user; its id is random and lives for a minute",
            ),
            "/friends/invitations/{id}" => things(&all(&self.invitations), NO_ID),
            "/friends/{handle}" => things(&[&self.friend], &format!("nobody@{}", self.person.app.id)),
            "/library/collections/{id}" => things(&[&self.collection], NO_ID),
            "/library/collections/{id}/encrypted-points/{pointId}" => Kept::Things(Ids {
                alices: vec![self.point.to_vec()],
                nobodys: vec![NO_ID.to_owned(); 2],
            }),
            "/me/blobs/{type}" => Kept::Named(ids(&[BLOB], "nobodys-blob")),
            "/users/me/devices/{deviceId}" => Kept::Named(ids(&[DEVICE], "nobodys-device")),
            "/users/me/revocations/pending/{peerHandle}" => things(&[&self.queued], &self.nobody_elsewhere),
            "/users/me/wrapped-keys/{credentialId}" => things(&[&self.slot], no_passkey),
            "/users/{id}" => things(&[&self.person.id], NO_ID),
            "/users/roles/{id}" => things(&["admin", &self.role], "no-such-role"),
            "/users/permissions/{id}" => things(&["users:read"], "no:such"),
            "/.well-known/user/{alias}" => Kept::Published("a user's handle and public keys are for every server"),
            "/friends/resolve/{handle}" => Kept::Published("it shows what /.well-known/user/{alias} shows"),
            kind => panic!("say in things.rs whose the id in {kind} is and how she comes by one"),
        }
    }

    /// The path of an operation, for something of hers where it has parameters.
    pub fn path_of(&self, operation: &Operation) -> String {
        if operation.parameters().is_empty() {
            return operation.path.clone();
        }
        match self.kept(operation).own() {
            Some(ids) => operation.path_of(&ids.alices[0]),
            None => operation.path_with("alice"),
        }
    }

    /// Everything that alice can read, by the path.
    ///
    /// Made from the document, so that whatever operations show of her is compared.
    pub async fn seen(&self) -> BTreeMap<String, Value> {
        let mut paths = Vec::new();
        for operation in operations() {
            let reads = operation.method == Method::GET && operation.auth == Auth::Session && !operation.needs_query;
            if !reads {
                continue;
            }
            if operation.parameters().is_empty() {
                paths.push(operation.path.clone());
                continue;
            }
            match self.kept(&operation) {
                Kept::Things(ids) | Kept::Named(ids) => {
                    paths.extend(ids.alices.iter().map(|id| operation.path_of(id)));
                }
                // Reading a transfer ends it: its row is looked at instead.
                Kept::NotYours(..) => assert_eq!(operation.path, "/device-transfer/{id}"),
                Kept::Published(_) => {}
            }
        }
        let mut seen = BTreeMap::new();
        for path in paths {
            let answer = self.person.get(&path).await;
            assert!(answer.status < 300, "{path}: {}", answer.text);
            seen.insert(path, answer.body);
        }
        assert!(seen.len() > 20, "{}", seen.len());
        let transfers = rows::all::<device_transfers::Entity>(self.person.app).await;
        seen.insert("her transfers".to_owned(), json!(format!("{transfers:?}")));
        seen
    }
}

/// Begins two transfers that do not run out, and uploads to the first.
async fn transfers(person: &Person<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let body = json!({ "receiverEphemeralPub": vault::encryption_key() });
        let begun = person.post("/device-transfer", body).await.expect(200).body;
        ids.push(text(&begun["sessionId"]));
    }
    let body = json!({
        "senderEphemeralPub": vault::encryption_key(),
        "sealedSeed": vault::envelope(),
        "senderSignature": vault::encoding::encode(&random::<64>()),
    });
    let path = format!("/device-transfer/{}/upload", ids[0]);
    person.post(&path, body).await.expect(200);
    rows::change(person.app, "UPDATE device_transfers SET expires_at = 9007199254740991").await;
    ids
}

/// The id of something of somebody's own that the first id of a path can be of, where the second is of what is in it.
pub async fn own_around(person: &Person<'_>, operation: &Operation) -> String {
    let first = operation.path.split_inclusive('}').next().unwrap();
    match first {
        "/library/collections/{id}" => {
            let made = person.post("/library/collections", json!({})).await.expect(201);
            text(&made.body["id"])
        }
        kind => panic!("say in things.rs how somebody comes by what the id in {kind} is of"),
    }
}

fn all(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
