//! Statement 22: a key that was pinned stays pinned.

use parchment_core::{envelope::Kind, manifest::MANIFEST_PATH};
use parchment_server::Server;

use super::world::{invitations_of, peer_row, rows};
use crate::support::{
    app::{TestApp, answer, free_port},
    peer::{Page, Peer, send_all},
};

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_changed_key_is_refused_recorded_and_not_taken_over() {
    let mut app = TestApp::start().await;
    let bob = app.person("bob").await.handle().clone();
    let old = Peer::start().await;
    let alice = old.user("alice");
    old.deliver(&app, &alice.say(Kind::RelationshipRevoke, &bob))
        .await
        .expect(202);
    let pinned = peer_row(&app.app().store, old.id()).await.unwrap();
    assert_eq!(
        (&pinned.public_key[..], &pinned.mismatched_key),
        (&old.identity.public_key().as_bytes()[..], &None)
    );

    let new = old.with_new_key();
    new.publish_manifest();
    // Manifests are good for five minutes, and gone with the process.
    app.restart().await;
    for _ in 0..2 {
        let answer = new.deliver(&app, &alice.say(Kind::FriendInvite, &bob)).await;
        answer.expect_code(401, "pin_mismatch");
    }
    let row = peer_row(&app.app().store, old.id()).await.unwrap();
    assert_eq!((&row.public_key, row.pinned_at), (&pinned.public_key, pinned.pinned_at));
    let offered = new.identity.public_key();
    assert_eq!(row.mismatched_key.as_deref(), Some(&offered.as_bytes()[..]));
    assert!(row.mismatched_at.is_some_and(|at| at >= pinned.pinned_at));
    assert_eq!(invitations_of(&app.app().store, &alice.handle).await, 0);

    // Who holds the pinned key is who he was.
    old.deliver(&app, &alice.say(Kind::FriendInvite, &bob))
        .await
        .expect(202);
    assert_eq!(
        peer_row(&app.app().store, old.id()).await.unwrap().public_key,
        pinned.public_key
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_nothing_is_sent_to_a_server_whose_key_changed() {
    let mut app = TestApp::start().await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    {
        let bob = app.person("bob").await;
        let said = alice.say(Kind::RelationshipRevoke, bob.handle());
        home.deliver(&app, &said).await.expect(202);
    }
    home.with_new_key().publish_manifest();
    app.restart().await;
    let carol = app.person("carol").await;
    let answer = carol.invite(&alice.handle).await;
    assert!((400..=502).contains(&answer.status), "{}", answer.text);
    assert!(home.inbox().is_empty());
    let row = peer_row(&app.app().store, home.id()).await.unwrap();
    assert!(row.mismatched_key.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_racing_first_contacts_are_all_served_under_one_pin() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let requests: Vec<_> = (0..16)
        .map(|number| {
            let said = home
                .user(&format!("user_{number}"))
                .say(Kind::FriendInvite, bob.handle());
            home.request(&app.id, &said)
        })
        .collect();
    for answer in send_all(&app, &requests).await {
        answer.expect(202);
    }
    assert_eq!(rows(&app.app().store).await.peers, 1);
    let row = peer_row(&app.app().store, home.id()).await.unwrap();
    assert_eq!(row.public_key, home.identity.public_key().as_bytes());
    assert_eq!(row.mismatched_key, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_two_processes_that_see_different_keys_at_first_contact_pin_one() {
    for round in 0..4 {
        let app = TestApp::start().await;
        let bob = app.person("bob").await;
        // A second process on the same database, under the same name.
        let mut settings = app.settings.clone();
        settings.listen.set_port(free_port());
        let second = Server::start(settings).await.unwrap();
        let second_url = format!("http://{}", second.address());

        let one = Peer::start().await;
        let two = one.with_new_key();
        one.set(
            MANIFEST_PATH,
            Page::Turns(vec![Page::Json(one.manifest()), Page::Json(two.manifest())]),
        );
        let (alice, carol) = (one.user("alice"), one.user("carol"));
        let in_one = one.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
        let in_two = two.request(&app.id, &carol.say(Kind::FriendInvite, bob.handle()));
        // Whoever asks first sees the first key, so each process is asked for both.
        let (a, b, c, d) = tokio::join!(
            in_one.send(&app),
            answer(in_two.at(&app.http, &second_url)),
            in_two.send(&app),
            answer(in_one.at(&app.http, &second_url)),
        );
        let row = peer_row(&app.app().store, one.id()).await.unwrap();
        let pinned_one = row.public_key == one.identity.public_key().as_bytes();
        assert!(pinned_one || row.public_key == two.identity.public_key().as_bytes());
        let (winner, loser) = if pinned_one { (&alice, &carol) } else { (&carol, &alice) };
        let store = &app.app().store;
        assert_eq!(rows(store).await.peers, 1);
        assert_eq!(
            invitations_of(store, &loser.handle).await,
            0,
            "round {round}: both keys were believed"
        );
        assert_eq!(
            invitations_of(store, &winner.handle).await,
            1,
            "round {round}: {a:?} {b:?} {c:?} {d:?}"
        );
        second.stop().await.unwrap();
    }
}
