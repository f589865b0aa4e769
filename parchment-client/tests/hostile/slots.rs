//! Recovery slots and device secrets.

use parchment_client::account::{Account, AccountError, Lie, Rotation};
use parchment_core::{
    derive::MasterSeed,
    prf::PrfOutput,
    seal::SealNonce,
    slot::{Slot, SlotPlace},
};
use serde_json::{Value, json};

use crate::{
    caught,
    support::device::Device,
    world::{World, memory},
};

fn output() -> PrfOutput {
    PrfOutput::from_bytes(&[3; 32])
}

/// alice has two passkeys with recovery slots.
async fn with_passkeys() -> (World, String, String) {
    let mut world = World::new().await;
    let mut credentials = Vec::new();
    let person = world.server.app.sign_in("alice@mail.example").await;
    for _ in 0..2 {
        let registered = person.register(&Device::default()).await;
        credentials.push(registered["id"].as_str().unwrap().to_owned());
    }
    world.alice.client = world.server.client(&person.token);
    for (credential, prf) in credentials.iter().zip([3, 4]) {
        let prf = PrfOutput::from_bytes(&[prf; 32]);
        world.account().add_recovery_passkey(credential, &prf).await.unwrap();
    }
    let second = credentials.pop().unwrap();
    (world, credentials.pop().unwrap(), second)
}

async fn unlock(world: &World, credential: &str) -> Result<Account, AccountError> {
    Account::unlock_with_passkey(&world.alice.client, memory(), credential, &output()).await
}

/// What the server has of a slot, as a value to change.
fn slot<'a>(body: &'a mut Value, credential: &str) -> &'a mut Value {
    let slots = body["slots"].as_array_mut().unwrap();
    slots
        .iter_mut()
        .find(|slot| slot["credentialId"] == credential)
        .unwrap()
}

#[tokio::test]
async fn a_slot_of_another_passkey_is_noticed() {
    let (world, first, second) = with_passkeys().await;
    let (one, other) = (first.clone(), second.clone());
    world.server.distort_one("listSlots", move |body| {
        let swapped = slot(body, &other).clone();
        let place = slot(body, &one);
        *place = swapped;
        place["credentialId"] = one.clone().into();
        body["slots"]
            .as_array_mut()
            .unwrap()
            .retain(|slot| slot["credentialId"] == one.as_str());
    });
    caught!(unlock(&world, &first).await, Lie::SlotNotSigned { credential_id } if *credential_id == first);
    caught!(world.account().recovery_passkeys().await, Lie::SlotNotSigned { .. });
    world.end().await;
}

#[tokio::test]
async fn a_slot_whose_envelope_was_changed_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    let one = first.clone();
    world.server.distort_one("listSlots", move |body| {
        crate::world::change_envelope(&mut slot(body, &one)["wrappedKm"], |bytes| bytes[20] ^= 1);
    });
    caught!(unlock(&world, &first).await, Lie::SlotNotSigned { .. });
    world.end().await;
}

#[tokio::test]
async fn a_slot_of_another_user_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    let one = first.clone();
    world
        .server
        .distort_one("listSlots", move |body| slot(body, &one)["userId"] = "somebody".into());
    caught!(unlock(&world, &first).await, Lie::OthersThing { .. });
    world.end().await;
}

#[tokio::test]
async fn a_slot_of_another_algorithm_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    let one = first.clone();
    world
        .server
        .distort_one("listSlots", move |body| slot(body, &one)["wrapAlgo"] = "none".into());
    caught!(unlock(&world, &first).await, Lie::SlotAlgorithm { .. });
    world.end().await;
}

#[tokio::test]
async fn a_second_slot_for_a_passkey_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    let one = first.clone();
    world.server.distort_one("listSlots", move |body| {
        let again = slot(body, &one).clone();
        body["slots"].as_array_mut().unwrap().push(again);
    });
    caught!(unlock(&world, &first).await, Lie::SlotRepeated { .. });
    world.end().await;
}

/// A slot that somebody else signed, as the server would give it.
fn forged(user: &str, credential: &str, identity: &MasterSeed, seed: &MasterSeed, prf: &PrfOutput) -> Value {
    let place = SlotPlace {
        user_id: user,
        credential_id: credential,
    };
    let nonce = SealNonce::from_bytes([9; 12]);
    let slot = Slot::wrap_signed_by(&identity.signing_key(), seed, &prf.wrap_key().unwrap(), place, nonce).unwrap();
    json!({
        "userId": user,
        "credentialId": slot.credential_id,
        "wrappedKm": slot.wrapped_km,
        "wrapAlgo": slot.wrap_algo,
        "slotSignature": slot.slot_signature,
        "createdAt": "2026-04-20T12:00:00.000Z",
        "lastUsedAt": null,
    })
}

async fn serve_forged(world: &World, credential: &str, seed: &MasterSeed, prf: &PrfOutput) {
    let mallory = MasterSeed::from_bytes(&[0x66; 32]);
    let slot = forged(&world.user_id().await, credential, &mallory, seed, prf);
    let key = mallory.signing_key().verifying_key().to_base64();
    world.server.distort(move |heard, said| match heard.operation {
        "listSlots" => said.body = json!({ "slots": [slot] }),
        "getIdentity" => said.body["signingKey"] = key.clone().into(),
        _ => {}
    });
}

#[tokio::test]
async fn a_slot_that_the_server_made_for_an_identity_of_its_own_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    // It has no output of the passkey, so what it wraps does not open.
    let seed = MasterSeed::from_bytes(&[0x66; 32]);
    serve_forged(&world, &first, &seed, &PrfOutput::from_bytes(&[5; 32])).await;
    caught!(unlock(&world, &first).await, Lie::SlotUnusable { .. });
    world.end().await;
}

#[tokio::test]
async fn a_slot_with_the_seed_of_another_than_signed_it_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    // Even one that came by the passkey's output gets nobody to use her seed under another's key.
    serve_forged(&world, &first, &world.seed(), &output()).await;
    caught!(unlock(&world, &first).await, Lie::SlotOtherIdentity { .. });
    world.end().await;
}

#[tokio::test]
async fn an_old_slot_after_a_rotation_is_noticed() {
    let (world, first, _) = with_passkeys().await;
    world.account().recovery_passkeys().await.unwrap();
    let (old, identity) = (
        world.server.last("listSlots"),
        world.alice.client.identity().get().await.unwrap(),
    );
    let rotation = Rotation::new().with_passkey(&first, &output()).unwrap();
    let client = world.alice.account.client().clone();
    world.account().rotate(&rotation, |_| {}).await.unwrap();
    let slots = old.body.clone();
    world.server.distort_one("listSlots", move |body| *body = slots.clone());
    caught!(world.account().recovery_passkeys().await, Lie::SlotNotSigned { .. });
    // With the old keys and the old version to it: this device has seen a later one.
    world.server.distort(move |heard, said| match heard.operation {
        "listSlots" => said.body = old.body.clone(),
        "getIdentity" => said.body = serde_json::to_value(&identity).unwrap(),
        "getKmVersion" => said.body["kmVersion"] = 1.into(),
        _ => {}
    });
    let store = world.alice.store.clone();
    let unlocked = Account::unlock_with_passkey(&client, store, &first, &output()).await;
    caught!(unlocked, Lie::KmVersionBack { .. });
    world.server.be_honest();
    world.end_without_check().await;
}

#[tokio::test]
async fn a_slot_that_is_kept_otherwise_than_it_was_given_is_noticed() {
    let (world, first, second) = with_passkeys().await;
    let (one, other) = (first.clone(), second.clone());
    world.server.distort_one("listSlots", move |body| {
        let wrapped = slot(body, &other)["wrappedKm"].clone();
        slot(body, &one)["wrappedKm"] = wrapped;
    });
    caught!(
        world.account().add_recovery_passkey(&first, &output()).await,
        Lie::SlotNotSigned { .. }
    );
    world.end().await;
}

#[tokio::test]
async fn another_secret_for_a_device_is_noticed() {
    let world = World::new().await;
    let stored = world.account().seal_for_device("browser-1").await.unwrap();
    world.server.distort_one("getWrapSecret", |body| {
        body["secret"] = parchment_core::encoding::encode(&[1; 32]).into()
    });
    let client = world.alice.client.clone();
    let unlocked = Account::unlock_with_device_secret(&client, memory(), "browser-1", &stored).await;
    caught!(unlocked, Lie::DeviceSecret);
    world.server.be_honest();
    Account::unlock_with_device_secret(&client, memory(), "browser-1", &stored)
        .await
        .unwrap();
    world.end().await;
}
