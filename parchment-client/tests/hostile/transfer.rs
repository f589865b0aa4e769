//! Transfers between devices, with somebody in between.

use parchment_client::account::{AccountError, Lie, NewDevice, Polled, Tried, TypeCode};
use parchment_core::{derive::MasterSeed, keys::EphemeralSecret, seal::SealNonce, transfer::Invitation};
use serde_json::{Value, json};

use crate::{
    caught,
    world::{World, change_envelope, memory},
};

fn mallory() -> MasterSeed {
    MasterSeed::from_bytes(&[0x66; 32])
}

async fn begin(world: &World) -> NewDevice {
    NewDevice::begin(&world.alice.client, memory()).await.unwrap()
}

async fn fetch(new: NewDevice) -> Result<TypeCode, AccountError> {
    match new.poll().await? {
        Polled::Answered(typing) => Ok(*typing),
        Polled::Waiting(_) => panic!("it was uploaded"),
    }
}

/// What a device that signs with one seed answers with another.
fn answer(invitation: &str, identity: &MasterSeed, seed: &MasterSeed) -> (Value, String) {
    let once = EphemeralSecret::from_bytes(&[7; 32]);
    let answer = Invitation::read(invitation)
        .unwrap()
        .answer_signed_by(&identity.signing_key(), seed, once, SealNonce::from_bytes([7; 12]))
        .unwrap();
    let payload = json!({
        "senderEphemeralPub": answer.payload.sender().to_base64(),
        "sealedSeed": answer.payload.sealed_seed().to_base64(),
        "senderSignature": answer.payload.signature().to_base64(),
    });
    (payload, answer.code.to_string())
}

#[tokio::test]
async fn a_one_time_key_that_was_swapped_is_noticed() {
    let world = World::new().await;
    let new = begin(&world).await;
    world.account().answer_transfer(&new.invitation()).await.unwrap();
    let own = EphemeralSecret::from_bytes(&[1; 32]).ephemeral_key().to_base64();
    world.server.distort_one("fetchTransfer", move |body| {
        body["senderEphemeralPub"] = own.clone().into()
    });
    caught!(fetch(new).await, Lie::TransferNotSigned);
    world.end().await;
}

#[tokio::test]
async fn a_transfer_that_is_given_again_is_noticed() {
    let world = World::new().await;
    let first = begin(&world).await;
    world.account().answer_transfer(&first.invitation()).await.unwrap();
    fetch(first).await.unwrap();
    let earlier = world.server.last("fetchTransfer");
    let second = begin(&world).await;
    world.account().answer_transfer(&second.invitation()).await.unwrap();
    world
        .server
        .distort_one("fetchTransfer", move |body| *body = earlier.body.clone());
    caught!(fetch(second).await, Lie::TransferNotSigned);
    world.end().await;
}

#[tokio::test]
async fn an_answer_of_the_servers_own_is_noticed() {
    let world = World::new().await;
    let new = begin(&world).await;
    let (payload, _) = answer(&new.invitation(), &mallory(), &mallory());
    world.account().answer_transfer(&new.invitation()).await.unwrap();
    world
        .server
        .distort_one("fetchTransfer", move |body| *body = payload.clone());
    caught!(fetch(new).await, Lie::TransferNotSigned);
    world.end().await;
}

#[tokio::test]
async fn an_answer_under_an_identity_of_the_servers_own_is_noticed_by_the_code() {
    let world = World::new().await;
    let new = begin(&world).await;
    let shown = world
        .account()
        .answer_transfer(&new.invitation())
        .await
        .unwrap()
        .to_string();
    let (payload, other) = answer(&new.invitation(), &mallory(), &mallory());
    assert_ne!(shown, other);
    let key = mallory().signing_key().verifying_key().to_base64();
    world.server.distort(move |heard, said| match heard.operation {
        "fetchTransfer" => said.body = payload.clone(),
        "getIdentity" => said.body["signingKey"] = key.clone().into(),
        _ => {}
    });
    // The person types what the old device shows.
    let Tried::Wrong(typing) = fetch(new).await.unwrap().try_code(&shown).await.unwrap() else {
        panic!("opened")
    };
    let Tried::Wrong(typing) = typing.try_code(&shown).await.unwrap() else {
        panic!("opened")
    };
    caught!(typing.try_code(&shown).await, Lie::TransferCode);
    world.end().await;
}

#[tokio::test]
async fn a_seed_that_was_changed_on_its_way_is_noticed() {
    let world = World::new().await;
    let new = begin(&world).await;
    let code = world
        .account()
        .answer_transfer(&new.invitation())
        .await
        .unwrap()
        .to_string();
    world.server.distort_one("fetchTransfer", |body| {
        change_envelope(&mut body["sealedSeed"], |bytes| bytes[20] ^= 1)
    });
    caught!(fetch(new).await.unwrap().try_code(&code).await, Lie::TransferChanged);
    world.end().await;
}

#[tokio::test]
async fn the_seed_of_another_identity_is_noticed() {
    let world = World::new().await;
    let new = begin(&world).await;
    world.account().answer_transfer(&new.invitation()).await.unwrap();
    let (payload, code) = answer(&new.invitation(), &world.seed(), &mallory());
    world
        .server
        .distort_one("fetchTransfer", move |body| *body = payload.clone());
    caught!(
        fetch(new).await.unwrap().try_code(&code).await,
        Lie::TransferOtherIdentity
    );
    world.end().await;
}
