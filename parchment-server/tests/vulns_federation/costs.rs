//! What federation may cost the servers that are asked, and what a refused message leaves: measured.

use parchment_core::envelope::Kind;

use super::world::{Rows, rows};
use crate::support::{
    app::TestApp,
    peer::{Peer, send_all},
};

#[tokio::test(flavor = "multi_thread")]
async fn s19_sixteen_first_messages_at_once_cost_one_manifest_and_a_document_each() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let users: Vec<_> = (0..16).map(|number| home.user(&format!("user_{number}"))).collect();
    let requests: Vec<_> = users
        .iter()
        .map(|user| home.request(&app.id, &user.say(Kind::FriendInvite, bob.handle())))
        .collect();
    for answer in send_all(&app, &requests).await {
        answer.expect(202);
    }
    assert_eq!(home.manifest_hits(), 1);
    assert!(users.iter().all(|user| home.hits(&user.path()) == 1));
    assert_eq!(home.all_hits(), 17);
    assert_eq!(bob.incoming().await.len(), 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_a_message_from_a_known_server_and_sender_costs_no_fetch() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    let before = home.all_hits();
    for _ in 0..10 {
        let said = alice.say(Kind::RelationshipRevoke, bob.handle());
        home.deliver(&app, &said).await.expect(202);
    }
    assert_eq!(home.all_hits(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_a_changed_user_key_is_believed_after_one_fetch() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    let renewed = alice.with_new_key();
    home.publish_user(&renewed);
    for _ in 0..3 {
        let said = renewed.say(Kind::RelationshipRevoke, bob.handle());
        home.deliver(&app, &said).await.expect(202);
    }
    assert_eq!((home.manifest_hits(), home.hits(&alice.path())), (1, 2));
    // The old key is worth nothing any more.
    let said = alice.say(Kind::FriendInvite, bob.handle());
    home.deliver(&app, &said).await.expect_code(400, "invalid_signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_forged_user_signatures_cost_one_fetch_in_ten_seconds_for_each_handle() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let (alice, carol) = (home.user("alice"), home.user("carol"));
    for user in [&alice, &carol] {
        let said = user.say(Kind::FriendInvite, bob.handle());
        home.deliver(&app, &said).await.expect(202);
    }
    for user in [&alice, &carol] {
        let impostor = user.with_new_key();
        for _ in 0..2 {
            let forged: Vec<_> = (0..8)
                .map(|_| home.request(&app.id, &impostor.say(Kind::RelationshipRevoke, bob.handle())))
                .collect();
            for answer in send_all(&app, &forged).await {
                answer.expect_code(400, "invalid_signature");
            }
        }
        assert_eq!(
            home.hits(&user.path()),
            2,
            "one at first, one to see whether she has a new key"
        );
    }
    assert_eq!(home.manifest_hits(), 1);
    assert_eq!(bob.incoming().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_message_that_its_handler_refuses_records_nothing() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    let before: Rows = rows(&app.app().store).await;

    let nobody = parchment_core::handle::Handle::parse(&format!("nobody@{}", app.id)).unwrap();
    for (kind, to, code) in [
        (Kind::FriendAccept, bob.handle(), "no_invitation"),
        (Kind::FriendInvite, bob.handle(), "already_invited"),
        (Kind::FriendInvite, &nobody, "unknown_recipient"),
    ] {
        let request = home.request(&app.id, &alice.say(kind, to));
        // The same reason each time: it was not remembered.
        for _ in 0..2 {
            request.send(&app).await.expect_code(400, code);
        }
    }
    assert_eq!(rows(&app.app().store).await, before);
}
