//! Statements 10 and 11: a message takes effect once, and its repetition is answered like the first.

use std::time::Duration;

use parchment_core::{envelope::Kind, handle::Handle, request::INBOX_PATH};
use parchment_server::store::{StoreError, entities::invitations};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::world::invitations_of;
use crate::support::{
    app::TestApp,
    peer::{Peer, RawInbox, send_all},
};

/// Takes the effect of an invitation away, so that a second effect would show.
async fn forget(app: &TestApp, peer: &Handle) {
    let forgotten = app.app().store.write(async |tx| {
        let rows = invitations::Entity::delete_many().filter(invitations::Column::PeerHandle.eq(peer.as_str()));
        rows.exec(tx).await.map_err(StoreError::from)
    });
    assert_eq!(forgotten.await.unwrap().rows_affected, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_an_envelope_takes_effect_once_however_it_comes_again() {
    let mut app = TestApp::start().await;
    let bob = app.person("bob").await.handle().clone();
    let (home, mallory) = (Peer::start().await, Peer::start().await);
    let alice = home.user("alice");
    let said = alice.say(Kind::FriendInvite, &bob);
    let first = home.request(&app.id, &said);
    first.send(&app).await.expect(202);
    forget(&app, &alice.handle).await;

    for _ in 0..2 {
        // The same request; the same envelope in a request of its own; the same from another server.
        first.send(&app).await.expect_code(401, "replay");
        let retry = home.request(&app.id, &said);
        retry.send(&app).await.expect(202);
        retry.send(&app).await.expect_code(401, "replay");
        mallory.deliver(&app, &said).await.expect_code(401, "origin_mismatch");
        assert_eq!(
            invitations_of(&app.app().store, &alice.handle).await,
            0,
            "a second effect"
        );
        app.restart().await;
    }
    // The nonce says it, not the effect: something new from her is welcome.
    home.deliver(&app, &alice.say(Kind::FriendInvite, &bob))
        .await
        .expect(202);
    assert_eq!(invitations_of(&app.app().store, &alice.handle).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_of_racing_copies_one_takes_effect() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let (alice, carol) = (home.user("alice"), home.user("carol"));

    let request = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
    let mut statuses: Vec<_> = send_all(&app, &vec![request; 16])
        .await
        .iter()
        .map(|a| a.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (202, &[401; 15][..]));

    let said = carol.say(Kind::FriendInvite, bob.handle());
    let requests: Vec<RawInbox> = (0..16).map(|_| home.request(&app.id, &said)).collect();
    let answers = send_all(&app, &requests).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert_eq!(bob.incoming().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_a_nonce_used_again_for_another_message_is_refused() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let said = alice.say(Kind::FriendInvite, bob.handle());
    home.deliver(&app, &said).await.expect(202);
    let message = said.message();
    let parchment_core::envelope::Form::V2 { nonce } = message.form() else {
        panic!("a version 2 message");
    };
    let other = parchment_core::envelope::UserMessage::new(
        Kind::RelationshipRevoke,
        alice.handle.clone(),
        bob.handle().clone(),
        nonce,
        message.timestamp().clone(),
        parchment_core::canonical::Object::new(),
    );
    let other = other.unwrap().sign(&alice.key);
    home.deliver(&app, &other).await.expect_code(400, "nonce_reused");
    assert_eq!(bob.incoming().await.len(), 1, "the invitation stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_retry_after_a_lost_answer_is_answered_like_the_first() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let (alice, carol) = (home.user("alice"), home.user("carol"));
    let heard = home
        .deliver(&app, &carol.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);

    // Sent by somebody who is gone before the answer comes.
    let said = alice.say(Kind::FriendInvite, bob.handle());
    let request = home.request(&app.id, &said);
    let mut wire = format!("POST {INBOX_PATH} HTTP/1.1\r\nHost: {}\r\n", app.id);
    for (name, value) in &request.headers {
        wire += &format!("{name}: {value}\r\n");
    }
    wire += &format!("Content-Length: {}\r\n\r\n", request.body.len());
    let mut stream = TcpStream::connect(app.settings.listen).await.unwrap();
    stream
        .write_all(&[wire.as_bytes(), &request.body].concat())
        .await
        .unwrap();
    for _ in 0..500 {
        if invitations_of(&app.app().store, &alice.handle).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stream);

    for _ in 0..3 {
        let retried = home.deliver(&app, &said).await;
        assert_eq!((retried.status, &retried.text), (202, &heard.text));
    }
    assert_eq!(bob.incoming().await.len(), 2);
}
