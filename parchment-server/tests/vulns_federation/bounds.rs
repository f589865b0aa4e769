//! Statement 47: the work for one message is bounded, and so is that for one peer beside the others.

use parchment_core::{
    canonical::{self, Object, Value},
    envelope::{Kind, UserMessage},
    manifest::MANIFEST_PATH,
    nonce::Nonce,
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use tokio::task::JoinSet;

use crate::support::{
    app::{Answer, TestApp, random},
    peer::{Page, Peer, PeerUser, RawInbox},
};

#[tokio::test(flavor = "multi_thread")]
async fn s47_a_body_of_64_kib_is_read_and_a_byte_more_is_not() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let (alice, carol) = (home.user("alice"), home.user("carol"));
    let padded = |user: &PeerUser, bytes: usize| {
        let mut request = home.request(&app.id, &user.say(Kind::FriendInvite, bob.handle()));
        request.body.resize(bytes, b' ');
        request
    };
    let status = padded(&alice, 65_537).send_too_much(&app).await;
    assert!([None, Some(413)].contains(&status), "{status:?}");
    padded(&carol, 65_536).send(&app).await.expect(202);
    assert_eq!(bob.incoming().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_a_message_of_64_levels_is_read_and_one_of_65_is_not() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    // The body is one level and its payload another.
    let of_depth = |user: &PeerUser, levels: usize| {
        let value = (2..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let mut payload = Object::new();
        payload.insert("x", value);
        let (nonce, now) = (Nonce::from_bytes(random()), Timestamp::from_instant(SystemClock.now()));
        let message = UserMessage::new(
            Kind::FriendInvite,
            user.handle.clone(),
            bob.handle().clone(),
            nonce,
            now,
            payload,
        );
        home.request(&app.id, &message.unwrap().sign(&user.key))
    };
    assert_eq!(canonical::MAX_DEPTH, 64);
    let deep = of_depth(&home.user("alice"), 65).send(&app).await;
    deep.expect_code(400, "ambiguous_json");
    of_depth(&home.user("carol"), 64).send(&app).await.expect(202);
    assert_eq!(bob.incoming().await.len(), 1);
}

/// Sends requests on tasks of their own; they are given up with the set.
fn send_beside(app: &TestApp, requests: impl Iterator<Item = RawInbox>) -> JoinSet<Answer> {
    let mut sending = JoinSet::new();
    for request in requests {
        let (http, origin) = (app.http.clone(), app.url(""));
        sending.spawn(async move { crate::support::app::answer(request.at(&http, &origin)).await });
    }
    sending
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_a_server_whose_messages_take_for_ever_keeps_others_from_nothing_and_is_told_to_wait() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, slow) = (Peer::start().await, Peer::start().await);
    slow.deliver(&app, &slow.user("known").say(Kind::RelationshipRevoke, bob.handle()))
        .await
        .expect(202);
    let users: Vec<_> = (0..450).map(|n| slow.user(&format!("user_{n}"))).collect();
    for user in &users {
        slow.set(&user.path(), Page::Hang);
    }
    let requests = users
        .iter()
        .map(|user| slow.request(&app.id, &user.say(Kind::FriendInvite, bob.handle())));
    let mut sending = send_beside(&app, requests);
    // Beyond those that are under way and those that may wait, the next are refused.
    let refused = sending.join_next().await.unwrap().unwrap().expect_code(503, "busy");
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(slow.most_at_once() <= 8, "{}", slow.most_at_once());
    // A server that was never seen has everything asked for at once.
    for name in ["alice", "carol"] {
        home.deliver(&app, &home.user(name).say(Kind::FriendInvite, bob.handle()))
            .await
            .expect(202);
    }
    assert_eq!(bob.incoming().await.len(), 2);
    sending.abort_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_forgeries_in_one_name_keep_nobody_else_waiting() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, silent) = (Peer::start().await, Peer::start().await);
    silent.set(MANIFEST_PATH, Page::Hang);
    let forged = (0..200).map(|n| {
        let said = silent.user(&format!("user_{n}")).say(Kind::FriendInvite, bob.handle());
        silent.request(&app.id, &said).forged()
    });
    let mut sending = send_beside(&app, forged);
    while silent.manifest_hits() == 0 {
        tokio::task::yield_now().await;
    }
    for name in ["alice", "carol"] {
        home.deliver(&app, &home.user(name).say(Kind::FriendInvite, bob.handle()))
            .await
            .expect(202);
    }
    assert_eq!(silent.manifest_hits(), 1);
    assert_eq!(bob.incoming().await.len(), 2);
    sending.abort_all();
}
