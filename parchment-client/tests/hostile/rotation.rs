//! Rotations that the server pretends to have done, or not.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use parchment_client::account::{AccountError, Lie, Rotation, inventory::Place};
use serde_json::{Value, json};

use crate::{
    caught,
    support::liar::Said,
    world::{World, blob, change_envelope, memory},
};

fn refusal(code: &str) -> Value {
    json!({ "message": "no", "code": code })
}

#[tokio::test]
async fn a_commit_that_is_withheld_is_noticed_and_can_be_done_again() {
    let world = World::new().await;
    world
        .server
        .intercept(|heard| (heard.operation == "commitRotation").then(|| Said::new(200, json!({ "kmVersion": 2 }))));
    caught!(
        world.account().rotate(&Rotation::new(), |_| {}).await,
        Lie::CommitWithheld
    );
    world.server.be_honest();
    assert!(world.account().is_rotating().await);
    assert_eq!(
        world.account().blob("settings").await.unwrap().unwrap().as_bytes(),
        b"first"
    );
    let rotated = world.account().rotate(&Rotation::new(), |_| {}).await.unwrap();
    assert_eq!(rotated.km_version, 2);
    world.end().await;
}

#[tokio::test]
async fn a_commit_of_which_only_the_keys_are_shown_is_noticed() {
    let world = World::new().await;
    let keys = Arc::new(Mutex::new(None));
    let (seen, shown) = (keys.clone(), keys);
    world.server.intercept(move |heard| {
        if heard.operation != "commitRotation" {
            return None;
        }
        *seen.lock().unwrap() = Some(heard.body.clone());
        Some(Said::new(200, json!({ "kmVersion": 2 })))
    });
    world.server.distort(move |heard, said| {
        let Some(commit) = &*shown.lock().unwrap() else { return };
        match heard.operation {
            "getIdentity" => {
                said.body["signingKey"] = commit["signingKey"].clone();
                said.body["encryptionKey"] = commit["encryptionKey"].clone();
            }
            "getKmVersion" => said.body["kmVersion"] = 2.into(),
            _ => {}
        }
    });
    caught!(
        world.account().rotate(&Rotation::new(), |_| {}).await,
        Lie::CommitWithheld
    );
    caught!(world.alice.reopen().await, Lie::CommitWithheld);
    world.end().await;
}

#[tokio::test]
async fn a_conflict_that_there_was_not_is_noticed() {
    let world = World::new().await;
    world
        .server
        .intercept(|heard| (heard.operation == "commitRotation").then(|| Said::new(409, refusal("rotation_conflict"))));
    caught!(
        world.account().rotate(&Rotation::new(), |_| {}).await,
        Lie::ConflictForged
    );
    world.end().await;
}

#[tokio::test]
async fn a_conflict_after_a_commit_that_landed_is_seen_through() {
    let world = World::new().await;
    // The server commits, and says that it did not.
    world.server.distort(|heard, said| {
        if heard.operation == "commitRotation" {
            *said = Said::new(409, refusal("rotation_conflict"));
        }
    });
    let rotated = world.account().rotate(&Rotation::new(), |_| {}).await.unwrap();
    assert_eq!(rotated.km_version, 2);
    world.end().await;
}

#[tokio::test]
async fn a_real_conflict_leaves_the_key_that_does_not_hold() {
    let world = World::new().await;
    let client = world.server.sign_in("alice").await;
    let phone =
        parchment_client::account::Account::unlock_with_recovery_key(&client, memory(), &world.alice.recovery_key)
            .await
            .unwrap();
    phone.rotate(&Rotation::new(), |_| {}).await.unwrap();
    // The laptop's session is over; with a new one it learns why.
    let client = world.server.sign_in("alice").await;
    let laptop = parchment_client::account::Account::open(&client, world.alice.store.clone()).await;
    assert!(matches!(
        laptop,
        Err(AccountError::RotatedElsewhere { shown: 2, known: 1 })
    ));
}

#[tokio::test]
async fn something_missing_that_there_is_not_is_noticed() {
    let world = World::new().await;
    for missing in [
        json!({ "blobs": ["ghost"], "collections": [], "points": [] }),
        json!({ "blobs": [], "collections": ["00000000-0000-4000-8000-000000000001"], "points": [] }),
        json!({ "blobs": [], "collections": [], "points": ["00000000-0000-4000-8000-000000000001"] }),
    ] {
        world.server.intercept(move |heard| {
            let body = json!({ "message": "no", "code": "rotation_incomplete", "missing": missing });
            (heard.operation == "commitRotation").then(|| Said::new(422, body))
        });
        caught!(
            world.account().rotate(&Rotation::new(), |_| {}).await,
            Lie::MissingForged { .. }
        );
    }
    world.end().await;
}

#[tokio::test]
async fn what_came_in_between_is_taken_along() {
    let world = World::new().await;
    let late = AtomicBool::new(false);
    let client = world.server.sign_in("alice").await;
    let phone =
        parchment_client::account::Account::unlock_with_recovery_key(&client, memory(), &world.alice.recovery_key)
            .await
            .unwrap();
    // The first commit is held until the phone has written.
    let (account, trips) = (world.account().clone(), world.trips);
    let written = Arc::new(AtomicBool::new(false));
    let done = written.clone();
    world.server.intercept(move |heard| {
        let first = heard.operation == "commitRotation" && !late.swap(true, Ordering::SeqCst);
        first.then(|| {
            done.store(true, Ordering::SeqCst);
            let missing = json!({ "blobs": ["late"], "collections": [], "points": [] });
            Said::new(
                422,
                json!({ "message": "no", "code": "rotation_incomplete", "missing": missing }),
            )
        })
    });
    phone.put_blob("late", b"in between").await.unwrap();
    phone.add_point(trips, b"Bern").await.unwrap();
    account.rotate(&Rotation::new(), |_| {}).await.unwrap();
    assert!(written.load(Ordering::SeqCst));
    assert_eq!(account.blob("late").await.unwrap().unwrap().as_bytes(), b"in between");
    assert_eq!(account.points(trips).await.unwrap().len(), 4);
    world.end().await;
}

#[tokio::test]
async fn a_record_that_is_withheld_or_changed_stops_a_rotation_before_it_is_lost() {
    let world = World::new().await;
    world.server.distort_one("listBlobs", |body| {
        body["blobs"]
            .as_array_mut()
            .unwrap()
            .retain(|entry| entry["blobType"] != "history");
    });
    caught!(world.account().rotate(&Rotation::new(), |_| {}).await, Lie::Withheld(place) if *place == blob("history"));
    world.server.distort_one("listPoints", |body| {
        if let Some(point) = body["points"].get_mut(0) {
            change_envelope(&mut point["encryptedData"], |bytes| bytes[16] ^= 1);
        }
    });
    caught!(
        world.account().rotate(&Rotation::new(), |_| {}).await,
        Lie::Foreign(Place::Point { .. })
    );
    assert!(
        world.server.answers("commitRotation").is_empty(),
        "nothing was committed"
    );
    // What is lost for good is left behind when the person says so.
    let dropping = Rotation::new().dropping(Place::Collection(world.trips));
    world.account().rotate(&dropping, |_| {}).await.unwrap();
    world.server.be_honest();
    assert_eq!(world.account().collections().await.unwrap().len(), 1);
    world.end().await;
}
