//! The life of an account with an honest server: whatever happens, nothing is alarmed about and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use parchment_client::{
    account::{Account, AccountError, NewDevice, Polled, Rotation, RotationEvent, Tried, inventory::Place},
    keystore::{KeyStore, MemoryStore},
};
use parchment_core::{api::identity::ResetConfirmation, prf::PrfOutput};
use support::{
    device::Device,
    liar::{Liar, Person},
};

fn memory() -> Arc<dyn KeyStore> {
    Arc::new(MemoryStore::new())
}

async fn text(account: &Account, blob_type: &str) -> String {
    account
        .blob(blob_type)
        .await
        .unwrap()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// A second device of the same person, with a session of its own.
async fn second_device(server: &Liar, person: &Person, alias: &str) -> Person {
    let client = server.sign_in(alias).await;
    let store = memory();
    let account = Account::unlock_with_recovery_key(&client, store.clone(), &person.recovery_key)
        .await
        .unwrap();
    Person {
        client,
        store,
        account,
        recovery_key: person.recovery_key.clone(),
    }
}

#[tokio::test]
async fn what_is_put_on_one_device_is_there_on_the_other_and_after_a_rotation() {
    let server = Liar::start().await;
    let alice = server.sign_up("alice").await;
    alice.account.put_blob("settings", b"dark").await.unwrap();
    alice.account.put_blob("history", b"[]").await.unwrap();
    let trips = alice.account.create_collection(b"Trips").await.unwrap();
    let points = alice
        .account
        .add_points(trips, &[b"Rome", b"Oslo", b"Bonn"])
        .await
        .unwrap();
    alice.account.change_point(trips, points[1], b"Bergen").await.unwrap();
    alice.account.delete_point(trips, points[2]).await.unwrap();
    alice.account.delete_blob("history").await.unwrap();

    let phone = second_device(&server, &alice, "alice").await;
    phone.account.check().await.unwrap();
    assert_eq!(phone.account.blobs().await.unwrap(), ["settings"]);
    assert_eq!(text(&phone.account, "settings").await, "dark");
    assert!(phone.account.blob("history").await.unwrap().is_none());
    phone.account.put_blob("settings", b"light").await.unwrap();
    phone.account.change_collection(trips, b"Journeys").await.unwrap();
    assert_eq!(text(&alice.account, "settings").await, "light");

    let events = std::sync::Mutex::new(Vec::new());
    let prepared = alice.account.prepare_rotation().await.unwrap();
    let rotated = alice
        .account
        .rotate(&Rotation::new(), |event| events.lock().unwrap().push(event))
        .await
        .unwrap();
    assert_eq!((rotated.km_version, &*rotated.recovery_key), (2, &*prepared));
    let events = events.into_inner().unwrap();
    assert_eq!(
        (events.first(), events.last()),
        (Some(&RotationEvent::Kept), Some(&RotationEvent::Landed))
    );
    alice.account.check().await.unwrap();
    alice.reopen().await.unwrap().check().await.unwrap();

    // The phone's session is over, and its key with it.
    assert!(phone.account.blob("settings").await.is_err());
    let client = server.sign_in("alice").await;
    let old = Account::unlock_with_recovery_key(&client, memory(), &alice.recovery_key).await;
    assert!(matches!(old, Err(AccountError::OtherIdentity)));
    let known = Account::open(&client, phone.store.clone()).await;
    assert!(matches!(
        known,
        Err(AccountError::RotatedElsewhere { shown: 2, known: 1 })
    ));
    let phone = Account::unlock_with_recovery_key(&client, phone.store, &rotated.recovery_key)
        .await
        .unwrap();
    assert_eq!(text(&phone, "settings").await, "light");
    let collections = phone.collections().await.unwrap();
    assert_eq!(collections.len(), 1);
    assert_eq!(collections[0].metadata.as_ref().unwrap().as_bytes(), b"Journeys");
    let mut contents: Vec<_> = phone
        .points(trips)
        .await
        .unwrap()
        .iter()
        .map(|point| point.content.as_str().unwrap().to_owned())
        .collect();
    contents.sort();
    assert_eq!(contents, ["Bergen", "Rome"]);
    phone.delete_collection(trips).await.unwrap();
    assert!(alice.account.collections().await.unwrap().is_empty());
    alice.account.check().await.unwrap();
    phone.check().await.unwrap();
}

#[tokio::test]
async fn a_seed_goes_to_a_new_device_by_a_code_a_passkey_and_a_device_secret() {
    let server = Liar::start().await;
    let alice = server.sign_up("alice").await;
    alice.account.put_blob("settings", b"dark").await.unwrap();

    // By a code, with one wrong try.
    let client = server.sign_in("alice").await;
    let new = NewDevice::begin(&client, memory()).await.unwrap();
    let invitation = new.invitation();
    let Polled::Waiting(new) = new.poll().await.unwrap() else {
        panic!("nothing was uploaded")
    };
    let code = alice.account.answer_transfer(&invitation).await.unwrap().to_string();
    let Polled::Answered(typing) = new.poll().await.unwrap() else {
        panic!("it was uploaded")
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let Tried::Wrong(typing) = typing.try_code(wrong).await.unwrap() else {
        panic!("a wrong code")
    };
    let Tried::Wrong(typing) = typing.try_code("12345").await.unwrap() else {
        panic!("no code")
    };
    assert_eq!(typing.tries_left(), 2);
    let Tried::Opened(phone) = typing.try_code(&code).await.unwrap() else {
        panic!("the right code")
    };
    assert_eq!(text(&phone, "settings").await, "dark");

    // By a passkey.
    let person = server.app.sign_in("alice@mail.example").await;
    let key = Device::default();
    let credential = person.register(&key).await["id"].as_str().unwrap().to_owned();
    let output = || PrfOutput::from_bytes(&[3; 32]);
    alice
        .account
        .add_recovery_passkey(&credential, &output())
        .await
        .unwrap();
    assert_eq!(
        alice.account.recovery_passkeys().await.unwrap(),
        std::slice::from_ref(&credential)
    );
    let client = server.client(&person.token);
    let tablet = Account::unlock_with_passkey(&client, memory(), &credential, &output())
        .await
        .unwrap();
    assert_eq!(text(&tablet, "settings").await, "dark");
    let none = Account::unlock_with_passkey(&client, memory(), "bm9uZQ", &output()).await;
    assert!(matches!(none, Err(AccountError::NoSlot)));

    // By the secret of a browser.
    let stored = alice.account.seal_for_device("browser-1").await.unwrap();
    let browser = Account::unlock_with_device_secret(&client, memory(), "browser-1", &stored)
        .await
        .unwrap();
    assert_eq!(text(&browser, "settings").await, "dark");

    // After a rotation the passkey that was at hand still opens, and what was stored in the browser does not.
    let rotation = Rotation::new().with_passkey(&credential, &output()).unwrap();
    let rotated = alice.account.rotate(&rotation, |_| {}).await.unwrap();
    assert!(rotated.lost_slots.is_empty());
    let client = server.sign_in("alice").await;
    let tablet = Account::unlock_with_passkey(&client, memory(), &credential, &output())
        .await
        .unwrap();
    assert_eq!(text(&tablet, "settings").await, "dark");
    assert!(
        Account::unlock_with_device_secret(&client, memory(), "browser-1", &stored)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn two_devices_that_write_at_once_end_with_the_same_and_alarm_nobody() {
    let server = Liar::start().await;
    let alice = server.sign_up("alice").await;
    let trips = alice.account.create_collection(b"Trips").await.unwrap();
    let phone = second_device(&server, &alice, "alice").await;
    let work = |account: Account, name: &'static str| async move {
        for round in 0..6 {
            account
                .put_blob("shared", format!("{name} {round}").as_bytes())
                .await
                .unwrap();
            account.put_blob(name, b"own").await.unwrap();
            let point = account.add_point(trips, name.as_bytes()).await.unwrap();
            account.change_point(trips, point, b"changed").await.unwrap();
            account.blobs().await.unwrap();
            account.points(trips).await.unwrap();
            account.delete_blob(name).await.unwrap();
            if round % 2 == 0 {
                account.delete_point(trips, point).await.unwrap();
            }
        }
    };
    tokio::join!(
        work(alice.account.clone(), "laptop"),
        work(phone.account.clone(), "phone")
    );
    for account in [&alice.account, &phone.account] {
        account.check().await.unwrap();
        assert_eq!(account.blobs().await.unwrap(), ["shared"]);
        assert_eq!(account.points(trips).await.unwrap().len(), 6);
    }
    assert_eq!(
        text(&alice.account, "shared").await,
        text(&phone.account, "shared").await
    );
    let third = second_device(&server, &alice, "alice").await;
    third.account.check().await.unwrap();
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_alarms_nobody_and_can_be_done_again() {
    let server = Liar::start().await;
    let alice = server.sign_up("alice").await;
    alice.account.put_blob("settings", b"1").await.unwrap();
    let phone = second_device(&server, &alice, "alice").await;
    // The answer to every write but one is lost in turn.
    for lost in 0..3 {
        let writes = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = writes.clone();
        server.distort(move |heard, said| {
            if heard.operation == "putBlob" && count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == lost {
                said.status = 502;
            }
        });
        let _ = alice
            .account
            .put_blob("settings", format!("new {lost}").as_bytes())
            .await;
        let _ = alice.account.delete_blob("settings").await;
        server.be_honest();
        alice.account.check().await.unwrap();
        phone.account.check().await.unwrap();
        alice.reopen().await.unwrap().check().await.unwrap();
        alice.account.put_blob("settings", b"again").await.unwrap();
        assert_eq!(text(&phone.account, "settings").await, "again");
    }
}

#[tokio::test]
async fn what_another_program_writes_without_an_inventory_is_taken_and_listed() {
    let server = Liar::start().await;
    let alice = server.sign_up("alice").await;
    // Somebody who has the seed, and keeps no inventory: the same account without the blob.
    let seed = parchment_core::derive::MasterSeed::from_recovery_key(&alice.recovery_key).unwrap();
    let user = alice.client.sessions().current().await.unwrap().unwrap().user;
    let foreign = |blob_type: &'static str, content: &'static [u8], nonce: u8| {
        let place = parchment_core::seal::PersonalBlob {
            user_id: &user.id,
            blob_type,
        };
        let nonce = parchment_core::seal::SealNonce::from_bytes([nonce; 12]);
        let envelope = parchment_core::seal::seal(&place, &seed.personal_key(), content, nonce).unwrap();
        let request = parchment_core::api::blobs::BlobRequest {
            encrypted_blob: envelope.to_base64(),
            nonce: Some(String::new()),
            km_version: Some(1),
        };
        let client = alice.client.clone();
        async move { client.blobs().put(blob_type, &request).await.unwrap() }
    };
    foreign("theirs", b"first", 1).await;
    assert_eq!(alice.account.blobs().await.unwrap(), ["theirs"]);
    assert_eq!(text(&alice.account, "theirs").await, "first");
    alice.account.put_blob("settings", b"dark").await.unwrap();
    foreign("theirs", b"second", 2).await;
    foreign("settings", b"light", 3).await;
    assert_eq!(text(&alice.account, "settings").await, "light");
    alice.account.check().await.unwrap();
    let mut alice = alice;
    alice.recovery_key = alice
        .account
        .rotate(&Rotation::new(), |_| {})
        .await
        .unwrap()
        .recovery_key
        .to_string();
    assert_eq!(text(&alice.account, "theirs").await, "second");
    // What it deletes is missed until the person says that it is right so.
    alice.client.blobs().delete("theirs").await.unwrap();
    let missed = alice.account.blobs().await.unwrap_err();
    assert!(matches!(
        missed.lie(),
        Some(parchment_client::account::Lie::Withheld(Place::Blob(_)))
    ));
    let phone = second_device(&server, &alice, "alice").await;
    alice.account.danger_accept_what_is_there().await.unwrap();
    for account in [&alice.account, &phone.account, &alice.account] {
        assert_eq!(account.blobs().await.unwrap(), ["settings"]);
        account.put_blob("settings", b"dim").await.unwrap();
        account.check().await.unwrap();
    }
}

#[tokio::test]
async fn an_identity_that_was_lost_is_made_anew_and_old_friends_are_told() {
    let (server, elsewhere) = (Liar::start().await, Liar::start().await);
    let (alice, bob) = (server.sign_up("alice").await, elsewhere.sign_up("bob").await);
    befriend(&alice, &bob).await;
    alice.account.put_blob("settings", b"dark").await.unwrap();

    let reset = Account::reset(&alice.client, alice.store.clone(), ResetConfirmation::EraseAllMyData)
        .await
        .unwrap();
    assert_ne!(&*reset.recovery_key, &alice.recovery_key);
    assert!(reset.account.blobs().await.unwrap().is_empty());
    let flushed = reset.account.flush_revocations(|_| false).await.unwrap();
    assert_eq!((flushed.told.len(), flushed.left.len()), (1, 0));
    assert!(bob.account.friends().await.unwrap().is_empty());
    assert_eq!(reset.account.flush_revocations(|_| false).await.unwrap().told.len(), 0);
    reset.account.put_blob("settings", b"light").await.unwrap();
    let again = alice.reopen().await.unwrap();
    again.check().await.unwrap();
    assert_eq!(text(&again, "settings").await, "light");
}

/// alice invites bob, and bob accepts.
async fn befriend(alice: &Person, bob: &Person) {
    use parchment_core::envelope::Kind;
    use support::person::envelope;
    let (from, to) = (
        alice.account.handle().await.unwrap(),
        bob.account.handle().await.unwrap(),
    );
    let sign = |person: &Person, kind: Kind, from: &str, to: &str| {
        let seed = parchment_core::derive::MasterSeed::from_recovery_key(&person.recovery_key).unwrap();
        envelope(&seed, kind, &from.parse().unwrap(), &to.parse().unwrap())
    };
    let signed = sign(alice, Kind::FriendInvite, &from, &to);
    let invitation = parchment_core::api::friends::InviteRequest {
        handle: to.clone(),
        signature: signed.signature.unwrap(),
        nonce: signed.nonce,
        timestamp: signed.timestamp,
    };
    alice.client.invitations().send(&invitation).await.unwrap();
    let waiting = bob.client.invitations().list(None).await.unwrap();
    let accept = sign(bob, Kind::FriendAccept, &to, &from);
    bob.client.invitations().accept(&waiting[0].id, &accept).await.unwrap();
}

#[tokio::test]
async fn friends_are_pinned_once_and_verified_by_their_digits() {
    use parchment_client::account::Trust;
    let (server, elsewhere) = (Liar::start().await, Liar::start().await);
    let (alice, bob) = (server.sign_up("alice").await, elsewhere.sign_up("bob").await);
    befriend(&alice, &bob).await;
    let (her, his) = (
        alice.account.handle().await.unwrap(),
        bob.account.handle().await.unwrap(),
    );
    let trust = |account: Account| async move { account.friends().await.unwrap().remove(0).trust.unwrap() };
    assert_eq!(trust(alice.account.clone()).await, Trust::New);
    assert!(matches!(
        alice.account.friend_keys(&his).await,
        Err(AccountError::NotPinned(_))
    ));
    alice.account.pin_friend(&his).await.unwrap();
    assert_eq!(trust(alice.account.clone()).await, Trust::Pinned);
    assert_eq!(
        alice.account.friend_keys(&his).await.unwrap().0,
        bob.account.signing_key().await
    );
    let digits = bob.account.safety_number(&her).await.unwrap().to_string();
    assert!(!alice.account.verify_friend(&his, "123 456 789 012").await.unwrap());
    assert!(alice.account.verify_friend(&his, &digits).await.unwrap());
    assert_eq!(trust(alice.account.clone()).await, Trust::Verified);
    // The pins are sealed with everything else, and go along.
    alice.account.rotate(&Rotation::new(), |_| {}).await.unwrap();
    assert_eq!(trust(alice.account.clone()).await, Trust::Verified);
    assert!(alice.account.blobs().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_second_identity_is_not_made_over_a_first() {
    let server = Liar::start().await;
    let alice = server.sign_up("alice").await;
    for store in [alice.store.clone(), memory()] {
        let again = Account::create(&alice.client, store, None).await;
        assert!(matches!(again, Err(AccountError::IdentityExists)));
    }
    assert!(matches!(
        Account::open(&alice.client, memory()).await,
        Err(AccountError::NotUnlocked)
    ));
    let nobody = server.sign_in("bob").await;
    let unlocked = Account::unlock_with_recovery_key(&nobody, memory(), &alice.recovery_key).await;
    assert!(matches!(unlocked, Err(AccountError::NoIdentity)));
    assert!(matches!(
        alice.account.put_blob("parchment.inventory", b"").await,
        Err(AccountError::Reserved(_))
    ));
}

#[test]
fn an_account_and_its_futures_go_from_thread_to_thread() {
    fn is_sent<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Account>();
    #[allow(dead_code)]
    fn futures(account: &Account) {
        is_sent(&account.put_blob("settings", b""));
        is_sent(&account.rotate(&Rotation::new(), |_| {}));
        is_sent(&account.flush_revocations(|_| false));
        is_sent(&account.check());
    }
}
