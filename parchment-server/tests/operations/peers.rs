//! Finding out about other servers, and forgetting the key of one.

use std::time::{Duration, Instant};

use parchment_core::{envelope::Kind, refusal::Code};
use parchment_server::{
    federation::{fingerprint::Fingerprint, refusals},
    store::entities::{peer_refusals, peers},
};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use crate::{
    beside,
    support::{
        app::TestApp,
        peer::{Page, Peer},
        rows,
    },
};

/// What is written every few seconds is written now.
pub async fn flush(app: &TestApp) {
    app.app().refusals.flush(&app.app().store).await.unwrap();
}

pub async fn why(app: &TestApp, peer: &Peer) -> Value {
    flush(app).await;
    let said = beside(app, &["peer", "why", peer.id().as_str(), "--json"]).await;
    said.done_json()
}

/// Way, code and how often, of everything that was refused, sorted.
pub fn refused(why: &Value) -> Vec<(String, String, u64)> {
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    let rows = why["refusals"].as_array().unwrap().iter();
    let mut rows: Vec<_> = rows
        .map(|row| (text(row, "way"), text(row, "code"), row["times"].as_u64().unwrap()))
        .collect();
    rows.sort();
    rows
}

fn expected(rows: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    let rows = rows
        .iter()
        .map(|(way, code, times)| ((*way).to_owned(), (*code).to_owned(), *times));
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_that_were_met_are_listed_with_their_keys() {
    let app = TestApp::start().await;
    let said = beside(&app, &["peer", "list"]).await.done();
    assert_eq!(said, "No other server was met yet.\n");
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    home.deliver(&app, &home.user("alice").say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    let key = home.identity.public_key();
    let listed = beside(&app, &["peer", "list", "--json"]).await.done_json();
    assert_eq!(listed[0]["server"], json!(home.id().as_str()));
    assert_eq!(listed[0]["publicKey"], json!(key.to_base64()));
    assert_eq!(listed[0]["fingerprint"], json!(Fingerprint::of(&key).to_string()));
    assert_eq!(listed[0]["mismatch"], Value::Null);
    let said = beside(&app, &["peer", "list"]).await.done();
    assert!(said.contains(&Fingerprint::of(&key).to_string()), "{said}");
    assert!(!said.contains("MISMATCH"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_what_was_refused_on_either_side_and_what_to_do() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let invitation = alice.say(Kind::FriendInvite, bob.handle());
    let request = home.request(&app.id, &invitation);
    request.send(&app).await.expect(202);
    // Signed by it, and refused.
    for _ in 0..2 {
        request.send(&app).await.expect_code(401, "replay");
    }
    let uninvited = home.user("carol").say(Kind::FriendAccept, bob.handle());
    home.deliver(&app, &uninvited).await.expect_code(400, "no_invitation");
    // In its name, from anybody.
    home.request(&app.id, &invitation)
        .forged()
        .send(&app)
        .await
        .expect_code(401, "invalid_server_signature");
    let late = app.app().now().plus(-3_600_000).to_string();
    let late = home
        .request(&app.id, &invitation)
        .with("x-parchment-timestamp", Some(&late));
    late.send(&app).await.expect_code(401, "stale_request");
    // Refused by it.
    let refusal = json!({ "message": "SECRET of alice", "code": "unknown_recipient" }).to_string();
    home.set(
        parchment_core::request::INBOX_PATH,
        Page::Raw(
            400,
            vec![("content-type", "application/json".to_owned())],
            refusal.into_bytes(),
        ),
    );
    bob.invite(&home.user("dora").handle).await;

    let why = why(&app, &home).await;
    assert_eq!(
        refused(&why),
        expected(&[
            ("received", "no_invitation", 1),
            ("received", "replay", 2),
            ("sent", "unknown_recipient", 1),
            ("unverified", "invalid_server_signature", 1),
            ("unverified", "stale_request", 1),
        ])
    );
    for row in why["refusals"].as_array().unwrap() {
        assert!(row["advice"].as_str().unwrap().len() > 20, "{row}");
        assert!(
            row["firstAt"].as_str().unwrap() <= row["lastAt"].as_str().unwrap(),
            "{row}"
        );
    }
    let listed = beside(&app, &["peer", "list", "--json"]).await.done_json();
    let counts = ["refusedByUs", "refusedUnverified", "refusedByThem"].map(|name| listed[0][name].as_u64().unwrap());
    assert_eq!(counts, [3, 2, 1]);
    let said = beside(&app, &["peer", "why", home.id().as_str()]).await.done();
    assert!(said.contains("replay, 2 times since"), "{said}");
    assert!(
        !said.contains("SECRET"),
        "what another server says is not repeated: {said}"
    );

    // Counted on, not written anew.
    request.send(&app).await.expect_code(401, "replay");
    let again = self::why(&app, &home).await;
    assert!(refused(&again).contains(&("received".to_owned(), "replay".to_owned(), 3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn why_tells_of_servers_that_could_not_be_reached() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    // It has no manifest, so its key is never pinned.
    home.set(parchment_core::manifest::MANIFEST_PATH, Page::Raw(404, vec![], vec![]));
    bob.invite(&alice.handle).await;
    let why = why(&app, &home).await;
    assert_eq!(why["peer"], Value::Null);
    assert_eq!(refused(&why), expected(&[("sent", "invalid_manifest", 1)]));
    let said = beside(&app, &["peer", "why", home.id().as_str()]).await.done();
    assert!(said.contains("is not pinned"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_last_is_written_when_the_server_stops() {
    let mut app = TestApp::start().await;
    let home = Peer::start().await;
    let request = {
        let bob = app.person("bob").await;
        home.request(&app.id, &home.user("alice").say(Kind::FriendInvite, bob.handle()))
    };
    request.send(&app).await.expect(202);
    request.send(&app).await.expect_code(401, "replay");
    app.stop().await;
    let said = beside(&app, &["peer", "why", home.id().as_str(), "--json"])
        .await
        .done_json();
    assert_eq!(refused(&said), expected(&[("received", "replay", 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_failed_again_for_30_days_is_forgotten() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let request = home.request(&app.id, &home.user("alice").say(Kind::FriendInvite, bob.handle()));
    request.send(&app).await.expect(202);
    request.send(&app).await.expect_code(401, Code::Replay.as_str());
    flush(&app).await;
    let days = |days: i64| app.app().now().plus(days * 24 * 3_600_000);
    refusals::sweep(&app.app().store, days(29)).await.unwrap();
    assert_eq!(rows::count::<peer_refusals::Entity>(&app).await, 1);
    refusals::sweep(&app.app().store, days(31)).await.unwrap();
    assert_eq!(rows::count::<peer_refusals::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_forgotten_only_when_really_meant() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    beside(&app, &["peer", "forget", home.id().as_str(), "--yes"])
        .await
        .failed("nothing to forget");
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    let new = home.with_new_key();
    new.publish_manifest();
    new.deliver(&app, &alice.say(Kind::RelationshipRevoke, bob.handle()))
        .await
        .expect_code(401, "pin_mismatch");
    let said = beside(&app, &["peer", "forget", home.id().as_str()]).await;
    assert!(
        said.out
            .contains(&Fingerprint::of(&new.identity.public_key()).to_string()),
        "{}",
        said.out
    );
    said.failed("--yes");
    assert_eq!(rows::count::<peers::Entity>(&app).await, 1);
    beside(&app, &["peer", "forget", home.id().as_str(), "--yes"])
        .await
        .done();
    assert_eq!(rows::count::<peers::Entity>(&app).await, 0);
    beside(&app, &["peer", "forget", "not a name"])
        .await
        .failed("is not the name of a server");
}

/// The key that is pinned for a server, once it is another than `old`.
async fn pinned_anew(app: &TestApp, peer: &Peer, old: &Peer) -> Option<Vec<u8>> {
    let row = peers::Entity::find_by_id(peer.id().as_str());
    let key = row.one(app.app().store.reader()).await.unwrap()?.public_key;
    (key != old.identity.public_key().as_bytes()).then_some(key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_receives_under_the_new_key_soon_after_the_old_one_was_forgotten() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let old = Peer::start().await;
    let alice = old.user("alice");
    old.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    let new = old.with_new_key();
    new.publish_manifest();
    beside(&app, &["peer", "forget", old.id().as_str(), "--yes"])
        .await
        .done();
    let forgotten = Instant::now();
    let said = alice.say(Kind::RelationshipRevoke, bob.handle());
    while new.deliver(&app, &said).await.status != 202 {
        assert!(
            forgotten.elapsed() < Duration::from_secs(60),
            "the old key is still believed"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let key = new.identity.public_key().as_bytes().to_vec();
    assert_eq!(pinned_anew(&app, &new, &old).await, Some(key));
    old.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect_code(401, "invalid_server_signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_sends_to_the_new_key_and_does_not_pin_the_old_one_again() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let old = Peer::start().await;
    let alice = old.user("alice");
    // Pins the key, and remembers the manifest with it for five minutes.
    bob.invite(&alice.handle).await;
    assert_eq!(old.inbox().len(), 1);
    old.with_new_key().publish_manifest();
    beside(&app, &["peer", "forget", old.id().as_str(), "--yes"])
        .await
        .done();
    // As long as pins are believed without looking.
    tokio::time::sleep(Duration::from_secs(10)).await;
    bob.invite(&old.user("carol").handle).await;
    assert_eq!(old.inbox().len(), 2, "the message was not sent");
    assert!(
        pinned_anew(&app, &old, &old).await.is_some(),
        "the old key was pinned again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_about_a_refused_message_does_not_say_who_wrote_to_whom() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    // A signature that is not hers, over a message that says something.
    let forged = alice.with_new_key().say(Kind::FriendInvite, bob.handle());
    home.set(&alice.path(), Page::Json(home.document(&alice)));
    home.deliver(&app, &forged)
        .await
        .expect_code(400, Code::InvalidSignature.as_str());
    flush(&app).await;
    for row in rows::all::<peer_refusals::Entity>(&app).await {
        assert!(!row.detail.contains("alice") && !row.detail.contains("bob"), "{row:?}");
    }
}
