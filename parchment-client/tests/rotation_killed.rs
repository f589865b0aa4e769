//! A rotation that is cut off anywhere, on either side, loses nothing and shuts nobody out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{collections::BTreeSet, future::poll_fn, path::Path, pin::pin, sync::Arc, task::Poll, time::Instant};

use parchment_client::{
    Client,
    account::{Account, Rotation},
    keystore::{FileKey, MemoryStore, SealedFile},
};
use support::{app::random, killable};

/// Not a test: what [`killable::Killable`] starts.
#[tokio::test]
async fn the_server_that_is_killed() {
    killable::serve().await;
}

/// Everything that is kept, as texts.
async fn kept(account: &Account) -> BTreeSet<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut all = BTreeSet::new();
    for blob_type in account.blobs().await.unwrap() {
        all.insert(format!(
            "{blob_type}: {}",
            text(account.blob(&blob_type).await.unwrap().unwrap().as_bytes())
        ));
    }
    for collection in account.collections().await.unwrap() {
        all.insert(format!(
            "{}: {}",
            collection.id,
            text(collection.metadata.unwrap().as_bytes())
        ));
        for point in account.points(collection.id).await.unwrap() {
            all.insert(format!(
                "{} {}: {}",
                collection.id,
                point.id,
                text(point.content.as_bytes())
            ));
        }
    }
    all
}

fn store(folder: &Path) -> Arc<SealedFile> {
    Arc::new(SealedFile::open(folder.join("alice"), &FileKey::raw(&[7; 32])).unwrap())
}

/// Polls a future, and asks before each poll whether to go on; none when it was dropped. Counts the polls.
async fn polled<F: Future>(future: F, mut go_on: impl FnMut(usize) -> bool) -> (Option<F::Output>, usize) {
    let (mut future, mut polls) = (pin!(future), 0);
    let output = poll_fn(|cx| {
        polls += 1;
        match go_on(polls) {
            true => future.as_mut().poll(cx).map(Some),
            false => Poll::Ready(None),
        }
    });
    let output = output.await;
    (output, polls)
}

#[tokio::test]
async fn a_rotation_that_is_killed_at_random_points_loses_nothing() {
    let rounds: u32 = std::env::var("PARCHMENT_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let server = killable::Killable::new("the_server_that_is_killed");
    server.start().await;
    let token = server.sign_in("alice@mail.example").await;
    let client = |server: &killable::Killable| -> Client { server.client().with_token(&token) };

    let created = Account::create(&client(&server), store(folder.path()), Some("alice"))
        .await
        .unwrap();
    let account = created.account;
    account.put_blob("settings", b"dark").await.unwrap();
    account.put_blob("history", b"[]").await.unwrap();
    let trips = account.create_collection(b"Trips").await.unwrap();
    account.add_points(trips, &[b"Rome", b"Oslo", b"Bonn"]).await.unwrap();
    let expected = kept(&account).await;
    let begun = Instant::now();
    let (whole, mut polls) = polled(account.rotate(&Rotation::new(), |_| {}), |_| true).await;
    whole.unwrap().unwrap();
    let whole = begun.elapsed();
    drop(account);

    let (mut landed, mut cut_off) = (0, 0);
    for round in 0..rounds {
        let share = f64::from(u32::from_le_bytes(random())) / f64::from(u32::MAX);
        let kills_server = round % 2 == 1;
        let account = Account::open(&client(&server), store(folder.path())).await.unwrap();
        let before = account.km_version().await;
        let rotation = Rotation::new();
        let rotating = account.rotate(&rotation, |_| {});
        let (place, output, taken);
        if kills_server {
            // At any moment, also while it commits.
            let at = whole.mul_f64(share * 1.2);
            place = format!("round {round}, server after {at:?} of {whole:?}");
            let killer = server.kill_after(at);
            (output, taken) = polled(rotating, |_| true).await;
            killer.join().unwrap();
        } else {
            // Between two requests, and between asking and being answered: elsewhere nothing is lasting.
            let at = 1 + (share * (polls + 1) as f64) as usize;
            place = format!("round {round}, client at poll {at} of {polls}");
            (output, taken) = polled(rotating, |poll| poll != at).await;
        }
        match output {
            Some(Ok(_)) => polls = polls.max(taken),
            _ => cut_off += 1,
        }
        drop(account);

        // The device is started again, and the server if it is gone.
        server.start().await;
        let client = client(&server);
        let account = Account::open(&client, store(folder.path()))
            .await
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        account.check().await.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(kept(&account).await, expected, "{place}");
        landed += account.km_version().await - before;
        let recovery_key = account.recovery_key().await;
        let other = Account::unlock_with_recovery_key(&client, Arc::new(MemoryStore::new()), &recovery_key).await;
        let other = other.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(kept(&other).await, expected, "{place}");
    }
    println!("{rounds} rounds of at most {polls} polls: {cut_off} cut off, {landed} landed");
    assert!(cut_off > 0, "nothing was cut off");
    // What was begun last can be ended.
    let account = Account::open(&client(&server), store(folder.path())).await.unwrap();
    account.rotate(&Rotation::new(), |_| {}).await.unwrap();
    assert!(!account.is_rotating().await);
    assert_eq!(kept(&account).await, expected);
}
