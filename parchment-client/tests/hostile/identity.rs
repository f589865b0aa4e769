//! Keys, versions, and whose account it is.

use parchment_client::account::{Account, AccountError, Lie, Rotation};
use parchment_core::derive::MasterSeed;

use crate::{caught, world::World};

fn mallory() -> MasterSeed {
    MasterSeed::from_bytes(&[0x66; 32])
}

#[tokio::test]
async fn a_signing_key_that_is_not_hers_is_noticed() {
    let world = World::new().await;
    let key = mallory().signing_key().verifying_key().to_base64();
    world
        .server
        .distort_one("getIdentity", move |body| body["signingKey"] = key.clone().into());
    caught!(world.alice.reopen().await, Lie::SigningKey);
    caught!(world.account().check().await, Lie::SigningKey);
    // A device that knows nothing cannot tell it from a wrong recovery key, and does not go on either.
    assert!(matches!(world.fresh().await, Err(AccountError::OtherIdentity)));
    world.end().await;
}

#[tokio::test]
async fn a_key_that_is_no_key_is_noticed() {
    let world = World::new().await;
    world
        .server
        .distort_one("getIdentity", |body| body["signingKey"] = "AAAA".into());
    caught!(world.alice.reopen().await, Lie::SigningKey);
    world.end().await;
}

#[tokio::test]
async fn an_encryption_key_that_is_not_hers_is_noticed() {
    let world = World::new().await;
    let key = mallory().encryption_secret().agreement_key().to_base64();
    world
        .server
        .distort_one("getIdentity", move |body| body["encryptionKey"] = key.clone().into());
    caught!(world.alice.reopen().await, Lie::EncryptionKey);
    caught!(world.fresh().await, Lie::EncryptionKey);
    world.end().await;
}

#[tokio::test]
async fn keys_that_are_withheld_are_noticed() {
    let world = World::new().await;
    world
        .server
        .distort_one("getIdentity", |body| body["signingKey"] = serde_json::Value::Null);
    caught!(world.alice.reopen().await, Lie::KeysWithheld);
    world.end().await;
}

#[tokio::test]
async fn a_handle_that_is_not_hers_is_noticed() {
    let world = World::new().await;
    world
        .server
        .distort_one("getIdentity", |body| body["handle"] = "mallory@home.example".into());
    caught!(world.alice.reopen().await, Lie::OtherHandle { .. });
    world.end().await;
}

#[tokio::test]
async fn the_identity_of_another_user_is_noticed() {
    let world = World::new().await;
    let bob = world.server.sign_up("bob").await;
    // bob's session in the place of alice's: everything is his.
    caught!(
        Account::open(&bob.client, world.alice.store.clone()).await,
        Lie::OtherUser
    );
    let user = bob.client.sessions().current().await.unwrap().unwrap().user.id;
    world
        .server
        .distort_one("currentSession", move |body| body["user"]["id"] = user.clone().into());
    caught!(world.alice.reopen().await, Lie::OtherUser);
    world.end().await;
}

#[tokio::test]
async fn a_version_that_goes_back_is_noticed() {
    let mut world = World::new().await;
    let rotated = world.account().rotate(&Rotation::new(), |_| {}).await.unwrap();
    world.alice.recovery_key = rotated.recovery_key.to_string();
    world
        .server
        .distort_one("getKmVersion", |body| body["kmVersion"] = 1.into());
    caught!(world.alice.reopen().await, Lie::KmVersionBack { shown: 1, seen: 2 });
    world.end().await;
}

#[tokio::test]
async fn old_keys_with_an_old_version_are_noticed() {
    let world = World::new().await;
    let old = world.alice.client.identity().get().await.unwrap();
    world.account().rotate(&Rotation::new(), |_| {}).await.unwrap();
    world.server.distort(move |heard, said| match heard.operation {
        "getIdentity" => said.body = serde_json::to_value(&old).unwrap(),
        "getKmVersion" => said.body["kmVersion"] = 1.into(),
        _ => {}
    });
    caught!(world.alice.reopen().await, Lie::KmVersionBack { shown: 1, seen: 2 });
    world.end().await;
}

#[tokio::test]
async fn a_version_without_a_rotation_is_noticed() {
    let world = World::new().await;
    world
        .server
        .distort_one("getKmVersion", |body| body["kmVersion"] = 7.into());
    caught!(world.alice.reopen().await, Lie::KmVersionAhead { shown: 7, seen: 1 });
    world.end().await;
}

#[tokio::test]
async fn a_rotation_that_nobody_made_is_not_followed() {
    let world = World::new().await;
    let key = mallory().signing_key().verifying_key().to_base64();
    world.server.distort(move |heard, said| match heard.operation {
        "getIdentity" => said.body["signingKey"] = key.clone().into(),
        "getKmVersion" => said.body["kmVersion"] = 2.into(),
        _ => {}
    });
    assert!(matches!(
        world.alice.reopen().await,
        Err(AccountError::RotatedElsewhere { shown: 2, known: 1 })
    ));
    world.end().await;
}
