//! Statement 1: a server speaks for its own users only.

use parchment_core::{envelope::Kind, nonce::Nonce, request::ServerIdentity};

use super::world::rows;
use crate::support::{
    app::{TestApp, random},
    peer::{Peer, PeerUser, RawInbox},
};

#[tokio::test(flavor = "multi_thread")]
async fn s01_a_sender_from_elsewhere_is_refused_before_anything_is_looked_up() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, mallory) = (Peer::start().await, Peer::start().await);
    let alice = home.user("alice");
    let before = rows(&app.app().store).await;

    // Said by alice herself, and carried by a server that is not hers; that it never heard of her would not help it.
    let said = alice.say(Kind::FriendInvite, bob.handle());
    mallory.publish_user(&alice);
    for _ in 0..3 {
        mallory.deliver(&app, &said).await.expect_code(401, "origin_mismatch");
    }
    // The same by a server that shares all but the port with hers, or her host name in another case.
    home.called("LOCALHOST")
        .deliver(&app, &said)
        .await
        .expect_code(401, "origin_mismatch");

    assert_eq!((home.all_hits(), mallory.all_hits()), (0, 0), "somebody was asked");
    assert_eq!(rows(&app.app().store).await, before);
    home.deliver(&app, &said).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn s01_nobody_speaks_for_a_local_user_over_federation() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let mallory = Peer::start().await;
    let forged = PeerUser {
        handle: alice.handle().clone(),
        key: alice.key.clone(),
    };
    let said = forged.say(Kind::FriendInvite, bob.handle());
    mallory.deliver(&app, &said).await.expect_code(401, "origin_mismatch");
    // Not in the server's own name either, whatever key that is signed with.
    let own = ServerIdentity::new(app.id.clone(), &random());
    let now = said.message().timestamp().clone();
    let request = own.inbox_request(&app.id, &said, Nonce::from_bytes(random()), now);
    RawInbox::from(&request)
        .send(&app)
        .await
        .expect_code(401, "origin_mismatch");
    assert_eq!(mallory.all_hits(), 0);
    assert_eq!(rows(&app.app().store).await.peers, 0);
    assert!(bob.incoming().await.is_empty());
}
