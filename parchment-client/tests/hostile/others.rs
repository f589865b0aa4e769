//! Friends' keys, and who is told of a reset.

use parchment_client::account::{Account, Lie};
use parchment_core::{
    api::{friends::InviteRequest, identity::ResetConfirmation},
    derive::MasterSeed,
    envelope::Kind,
};
use serde_json::json;

use crate::{
    caught,
    support::{
        liar::{Liar, Person},
        person::envelope,
    },
    world::World,
};

/// alice and bob, who lives elsewhere, are friends.
async fn with_friend() -> (World, Liar, Person, String) {
    let (world, elsewhere) = (World::new().await, Liar::start().await);
    let bob = elsewhere.sign_up("bob").await;
    let (her, his) = (
        world.account().handle().await.unwrap(),
        bob.account.handle().await.unwrap(),
    );
    let signed = envelope(
        &world.seed(),
        Kind::FriendInvite,
        &her.parse().unwrap(),
        &his.parse().unwrap(),
    );
    let invitation = InviteRequest {
        handle: his.clone(),
        signature: signed.signature.unwrap(),
        nonce: signed.nonce,
        timestamp: signed.timestamp,
    };
    world.alice.client.invitations().send(&invitation).await.unwrap();
    let waiting = bob.client.invitations().list(None).await.unwrap();
    let seed = MasterSeed::from_recovery_key(&bob.recovery_key).unwrap();
    let accept = envelope(&seed, Kind::FriendAccept, &his.parse().unwrap(), &her.parse().unwrap());
    bob.client.invitations().accept(&waiting[0].id, &accept).await.unwrap();
    (world, elsewhere, bob, his)
}

fn mallory() -> MasterSeed {
    MasterSeed::from_bytes(&[0x66; 32])
}

#[tokio::test]
async fn another_key_of_a_friend_is_noticed_and_blocks() {
    let (world, _elsewhere, bob, his) = with_friend().await;
    world.account().pin_friend(&his).await.unwrap();
    let key = mallory().signing_key().verifying_key().to_base64();
    world.server.distort_one("listFriends", move |body| {
        body["friends"][0]["friendSigningKey"] = key.clone().into()
    });
    caught!(world.account().friend_keys(&his).await, Lie::FriendKey { handle } if *handle == his);
    caught!(world.account().pin_friend(&his).await, Lie::FriendKey { .. });
    assert_eq!(
        world.account().friends().await.unwrap()[0].trust,
        Err(Lie::FriendKey { handle: his.clone() })
    );
    // The digits that bob sees are not those of the key that is shown.
    let digits = bob
        .account
        .safety_number(&world.account().handle().await.unwrap())
        .await
        .unwrap()
        .to_string();
    assert!(!world.account().verify_friend(&his, &digits).await.unwrap());
    world.end().await;
}

#[tokio::test]
async fn another_encryption_key_of_a_friend_is_noticed() {
    let (world, _elsewhere, _, his) = with_friend().await;
    world.account().pin_friend(&his).await.unwrap();
    let key = mallory().encryption_secret().agreement_key().to_base64();
    world.server.distort_one("listFriends", move |body| {
        body["friends"][0]["friendEncryptionKey"] = key.clone().into()
    });
    caught!(world.account().friend_keys(&his).await, Lie::FriendEncryptionKey { .. });
    world.server.distort_one("listFriends", |body| {
        body["friends"][0]["friendEncryptionKey"] = serde_json::Value::Null
    });
    caught!(world.account().friend_keys(&his).await, Lie::FriendEncryptionKey { .. });
    world.end().await;
}

#[tokio::test]
async fn pins_that_are_rolled_back_are_noticed() {
    let (world, _elsewhere, bob, his) = with_friend().await;
    world.account().pin_friend(&his).await.unwrap();
    world.account().friends().await.unwrap();
    let answers = world.server.answers("getBlob");
    let unverified = answers.last().unwrap().clone();
    let digits = bob
        .account
        .safety_number(&world.account().handle().await.unwrap())
        .await
        .unwrap()
        .to_string();
    assert!(world.account().verify_friend(&his, &digits).await.unwrap());
    world.server.distort(move |heard, said| {
        if heard.operation == "getBlob" && heard.path.ends_with("parchment.friends") {
            *said = unverified.clone();
        }
    });
    caught!(world.account().friends().await, Lie::RolledBack(_));
    world.end().await;
}

#[tokio::test]
async fn a_revocation_of_a_stranger_is_not_signed() {
    let (mut world, _elsewhere, bob, his) = with_friend().await;
    let reset = Account::reset(
        &world.alice.client,
        world.alice.store.clone(),
        ResetConfirmation::EraseAllMyData,
    );
    world.alice.account = reset.await.unwrap().account;
    world.server.distort_one("pendingRevocations", |body| {
        let entry = json!({ "id": "1", "peerHandle": "carol@there.example", "createdAt": "2026-04-20T12:00:00.000Z" });
        body["revocations"].as_array_mut().unwrap().push(entry);
    });
    caught!(
        world.account().flush_revocations(|_| false).await,
        Lie::ForeignRevocation { handle } if handle == "carol@there.example"
    );
    // bob was told all the same, and nothing was signed for carol.
    assert!(bob.account.friends().await.unwrap().is_empty());
    let heard = world.server.heard();
    assert!(!heard.windows(5).any(|part| part == b"carol"));
    assert!(heard.windows(his.len()).any(|part| part == his.as_bytes()));
    world.end().await;
}

#[tokio::test]
async fn a_friend_whom_the_server_would_not_have_told_is_noticed() {
    let (mut world, _elsewhere, _, his) = with_friend().await;
    let reset = Account::reset(
        &world.alice.client,
        world.alice.store.clone(),
        ResetConfirmation::EraseAllMyData,
    );
    world.alice.account = reset.await.unwrap().account;
    world
        .server
        .distort_one("pendingRevocations", |body| body["revocations"] = json!([]));
    caught!(
        world.account().flush_revocations(|_| false).await,
        Lie::RevocationWithheld { handle } if *handle == his
    );
    world.account().forget_revocation(&his).await.unwrap();
    world.account().flush_revocations(|_| false).await.unwrap();
    world.end().await;
}
