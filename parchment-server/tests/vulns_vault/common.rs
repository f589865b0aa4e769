//! What these tests share: somebody with a vault, and commits of it.

pub use std::sync::Arc;

pub use parchment_core::{
    derive::MasterSeed,
    encoding,
    etag::Snapshot,
    keys::SigningKey,
    prf::PrfOutput,
    seal::SealNonce,
    slot::{Slot, SlotPlace},
};
pub use parchment_server::store::{
    Store, StoreError,
    entities::{blobs, collections, device_secrets, device_transfers, passkeys, points, sessions, users, wrapped_keys},
};
pub use reqwest::Method;
pub use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, prelude::Uuid};
pub use serde_json::{Value, json};

pub use crate::support::{
    app::{Answer, Person, TestApp, answer, random},
    crowd::{at_once, read_then_write},
    rows,
};

/// How many rounds a test of chance has: `PARCHMENT_ROUNDS`, or 20.
pub fn rounds() -> usize {
    let rounds = std::env::var("PARCHMENT_ROUNDS").ok();
    rounds.map_or(20, |rounds| rounds.parse().expect("PARCHMENT_ROUNDS is a number"))
}

/// The base64 of an envelope of so many bytes that carries a mark where its ciphertext begins.
pub fn marked(mark: [u8; 16], bytes: usize) -> String {
    let mut envelope = vec![0; bytes];
    envelope[..2].copy_from_slice(&[2, 1]);
    envelope[14..30].copy_from_slice(&mark);
    encoding::encode(&envelope)
}

/// The mark of an envelope.
pub fn mark_of(sealed: &[u8]) -> [u8; 16] {
    sealed[14..30].try_into().unwrap()
}

/// Any envelope.
pub fn envelope() -> String {
    marked(random(), 40)
}

/// A base64 X25519 key.
pub fn encryption_key() -> String {
    let mut key = random::<32>();
    key[31] &= 0x3f;
    encoding::encode(&key)
}

/// A slot for a credential, signed by a key.
pub fn slot(user_id: &str, credential_id: &str, identity: &SigningKey) -> Value {
    let key = PrfOutput::from_bytes(&random::<32>()).wrap_key().unwrap();
    let seed = MasterSeed::from_bytes(&random());
    let place = SlotPlace { user_id, credential_id };
    let slot = Slot::wrap_signed_by(identity, &seed, &key, place, SealNonce::from_bytes(random())).unwrap();
    json!({
        "credentialId": slot.credential_id,
        "wrappedKm": slot.wrapped_km,
        "wrapAlgo": slot.wrap_algo,
        "slotSignature": slot.slot_signature,
    })
}

/// Gives somebody a passkey, as if she had registered it; its credential id.
pub async fn passkey(app: &TestApp, user_id: &str) -> String {
    let id = random::<16>();
    let row = passkeys::ActiveModel {
        credential_id: Set(id.to_vec()),
        user_id: Set(user_id.parse().unwrap()),
        name: Set("a passkey".to_owned()),
        public_key: Set(vec![0xa0]),
        counter: Set(0),
        backup_eligible: Set(true),
        backed_up: Set(true),
        transports: Set("internal".to_owned()),
        created_at: Set(1),
        last_used_at: Set(None),
    };
    let store = &app.app().store;
    store
        .write(async |tx| {
            passkeys::Entity::insert(row).exec_without_returning(tx).await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    url_safe(&id)
}

/// Base64url without padding.
pub fn url_safe(bytes: &[u8]) -> String {
    let text = encoding::encode(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

/// What somebody keeps, by name.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub blobs: Vec<String>,
    pub collections: Vec<String>,
    /// With the collection that each is in.
    pub points: Vec<(String, String)>,
}

/// Fills somebody's vault: blobs, and one collection with points.
pub async fn fill(person: &Person<'_>, blobs: usize, points: usize) -> Kept {
    let mut kept = Kept::default();
    for n in 0..blobs {
        let path = format!("/me/blobs/blob-{n}");
        person
            .call(Method::PUT, &path, Some(json!({ "encryptedBlob": envelope() })))
            .await
            .expect(200);
        kept.blobs.push(format!("blob-{n}"));
    }
    let made = person
        .post("/library/collections", json!({ "metadataEncrypted": envelope() }))
        .await
        .expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    for _ in 0..points {
        let path = format!("/library/collections/{id}/encrypted-points");
        let point = person
            .post(&path, json!({ "encryptedData": envelope() }))
            .await
            .expect(201);
        kept.points
            .push((id.clone(), point.body["id"].as_str().unwrap().to_owned()));
    }
    kept.collections.push(id);
    kept
}

/// A commit of all of it under a new identity, every envelope with one mark.
pub fn commit_of(kept: &Kept, expected: i64, identity: &SigningKey, mark: [u8; 16]) -> Value {
    let sealed = || marked(mark, 40);
    let blobs = kept
        .blobs
        .iter()
        .map(|blob| json!({ "blobType": blob, "encryptedBlob": sealed() }));
    let collections = kept
        .collections
        .iter()
        .map(|id| json!({ "id": id, "metadataEncrypted": sealed() }));
    let points = kept
        .points
        .iter()
        .map(|(collection, id)| json!({ "collectionId": collection, "id": id, "encryptedData": sealed() }));
    json!({
        "expectedCurrent": expected,
        "signingKey": identity.verifying_key().to_base64(),
        "encryptionKey": encryption_key(),
        "blobs": blobs.collect::<Vec<_>>(),
        "collections": collections.collect::<Vec<_>>(),
        "points": points.collect::<Vec<_>>(),
    })
}

pub const COMMIT: &str = "/users/me/km-version/commit";

pub fn fresh_key() -> SigningKey {
    SigningKey::from_seed(&random())
}

/// Everything in the tables of the vault, to see whether anything changed.
pub async fn everything(app: &TestApp) -> String {
    let reader = app.app().store.reader();
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        users::Entity::find().all(reader).await.unwrap(),
        blobs::Entity::find().all(reader).await.unwrap(),
        collections::Entity::find().all(reader).await.unwrap(),
        points::Entity::find().all(reader).await.unwrap(),
        wrapped_keys::Entity::find().all(reader).await.unwrap(),
        device_secrets::Entity::find().all(reader).await.unwrap(),
        device_transfers::Entity::find().all(reader).await.unwrap(),
        sessions::Entity::find().all(reader).await.unwrap(),
    )
}
