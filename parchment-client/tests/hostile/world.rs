//! alice and mallory on a server that somebody stands in front of.

use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use parchment_client::{
    account::{Account, AccountError, inventory::Place},
    keystore::{KeyStore, MemoryStore},
};
use parchment_core::{
    derive::{CollectionId, KeyVersion, MasterSeed},
    encoding,
};
use serde_json::Value;
use sha2::Sha256;
use uuid::Uuid;

use crate::support::liar::{Liar, Person};

pub struct World {
    pub server: Liar,
    pub alice: Person,
    /// Every seed that nobody but its owner may ever see.
    pub secrets: Vec<String>,
    pub trips: Uuid,
    pub places: Uuid,
    pub points: Vec<Uuid>,
}

/// Asserts that a call ends in this lie.
#[macro_export]
macro_rules! caught {
    ($call:expr, $lie:pat $(if $guard:expr)?) => {
        match $call {
            Ok(_) => panic!("the lie was believed"),
            Err(error) => match error.lie() {
                Some($lie) $(if $guard)? => {}
                _ => panic!("another error: {error:?}"),
            },
        }
    };
}

pub fn memory() -> Arc<dyn KeyStore> {
    Arc::new(MemoryStore::new())
}

pub fn blob(blob_type: &str) -> Place {
    Place::Blob(blob_type.to_owned())
}

impl World {
    /// alice keeps two blobs, and two collections with three points.
    pub async fn new() -> Self {
        let server = Liar::start().await;
        let alice = server.sign_up("alice").await;
        alice.account.put_blob("settings", b"first").await.unwrap();
        alice.account.put_blob("history", b"[]").await.unwrap();
        let trips = alice.account.create_collection(b"Trips").await.unwrap();
        let places = alice.account.create_collection(b"Places").await.unwrap();
        let points = alice
            .account
            .add_points(trips, &[b"Rome", b"Oslo", b"Bonn"])
            .await
            .unwrap();
        let secrets = vec![alice.recovery_key.clone()];
        Self {
            server,
            alice,
            secrets,
            trips,
            places,
            points,
        }
    }

    pub fn account(&self) -> &Account {
        &self.alice.account
    }

    pub fn seed(&self) -> MasterSeed {
        MasterSeed::from_recovery_key(&self.alice.recovery_key).unwrap()
    }

    pub async fn user_id(&self) -> String {
        self.alice.client.sessions().current().await.unwrap().unwrap().user.id
    }

    /// A device of alice's that knows nothing yet unlocks by her recovery key.
    pub async fn fresh(&self) -> Result<Account, AccountError> {
        Account::unlock_with_recovery_key(&self.alice.client, memory(), &self.alice.recovery_key).await
    }

    /// Nothing that was sent holds a seed or what is derived from it, and with an honest server all is well again.
    pub async fn end(self) {
        self.server.be_honest();
        let account = self.alice.reopen().await.unwrap();
        account.check().await.unwrap();
        self.end_without_check().await;
    }

    /// The first half of that, where the attack was a loss that stays.
    pub async fn end_without_check(mut self) {
        self.secrets.push(self.alice.account.recovery_key().await.to_string());
        let heard = self.server.heard();
        for text in &self.secrets {
            let seed = MasterSeed::from_recovery_key(text).unwrap();
            for secret in derived(&seed, &[self.trips, self.places]) {
                for form in forms(&secret) {
                    assert!(!heard.windows(form.len()).any(|part| part == form), "a secret was sent");
                }
            }
        }
    }
}

/// A seed and everything that a server must not have of it.
fn derived(seed: &MasterSeed, collections: &[Uuid]) -> Vec<[u8; 32]> {
    let mut secrets = vec![
        *seed.expose(),
        *seed.personal_key().expose(),
        *seed.metadata_key().expose(),
    ];
    for info in ["parchment-signing-v1", "parchment-encryption-v1"] {
        let mut secret = [0; 32];
        hkdf::Hkdf::<Sha256>::new(None, seed.expose())
            .expand(info.as_bytes(), &mut secret)
            .unwrap();
        secrets.push(secret);
    }
    for id in collections {
        for version in [KeyVersion::FIRST, KeyVersion::FIRST.next()] {
            secrets.push(
                *seed
                    .collection_key(&CollectionId::existing(&id.to_string()), version)
                    .expose(),
            );
        }
    }
    secrets
}

/// The ways in which 32 bytes could be written.
fn forms(secret: &[u8; 32]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = encoding::encode(secret);
    // A text inside an envelope that is not sealed would be base64 of base64.
    let twice = encoding::encode(base64.as_bytes());
    vec![
        secret.to_vec(),
        base64.trim_end_matches('=').into(),
        Base64UrlUnpadded::encode_string(secret).into(),
        hex.to_uppercase().into(),
        hex.into(),
        twice.trim_end_matches('=').into(),
    ]
}

/// Changes the bytes of an envelope that is a member of an answer.
pub fn change_envelope(value: &mut Value, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = encoding::decode(value.as_str().unwrap()).unwrap();
    change(&mut bytes);
    *value = encoding::encode(&bytes).into();
}
