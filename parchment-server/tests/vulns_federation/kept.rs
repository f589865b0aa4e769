//! Statement 12 on the database: how long nonces are kept.
//!
//! That they are kept long enough when the clock steps, either way, is shown where it is decided:
//! the unit tests of `housekeeping` drive both clocks.

use parchment_core::{envelope::Kind, replay::NONCE_LIFETIME_MS, time::UnixMillis};
use parchment_server::{
    federation::inbox,
    store::{StoreError, entities::transport_nonces},
};
use sea_orm::{ActiveValue::Set, EntityTrait as _};

use super::world::rows;
use crate::support::{
    app::TestApp,
    peer::{Peer, send_all},
};

#[tokio::test(flavor = "multi_thread")]
async fn s12_a_nonce_is_there_for_1200_seconds_and_gone_after() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let said = home.user("alice").say(Kind::FriendInvite, bob.handle());
    let request = home.request(&app.id, &said);
    let earliest = app.app().now();
    request.send(&app).await.expect(202);
    let latest = app.app().now();

    let sweep = async |now: UnixMillis| {
        let until = now.plus(-NONCE_LIFETIME_MS).0;
        inbox::sweep(&app.app().store, until).await.unwrap()
    };
    let nonces = async || {
        let rows = rows(&app.app().store).await;
        (rows.transport_nonces, rows.envelope_nonces)
    };
    sweep(earliest.plus(1_200_000)).await;
    assert_eq!(nonces().await, (1, 1));
    request.send(&app).await.expect_code(401, "replay");
    sweep(latest.plus(1_200_001)).await;
    assert_eq!(nonces().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_sweeping_never_takes_what_is_being_written() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let requests: Vec<_> = (0..64)
        .map(|number| {
            let said = home
                .user(&format!("user_{number}"))
                .say(Kind::FriendInvite, bob.handle());
            home.request(&app.id, &said)
        })
        .collect();
    // Enough that is old, so that there is something to sweep all the while.
    fill_with_old_nonces(&app).await;
    let sweeping = async {
        loop {
            let until = app.app().now().plus(-NONCE_LIFETIME_MS).0;
            inbox::sweep(&app.app().store, until).await.unwrap();
        }
    };
    let answers = tokio::select! {
        answers = send_all(&app, &requests) => answers,
        () = sweeping => unreachable!(),
    };
    assert!(answers.iter().all(|answer| answer.status == 202));
    let until = app.app().now().plus(-NONCE_LIFETIME_MS).0;
    inbox::sweep(&app.app().store, until).await.unwrap();
    let rows = rows(&app.app().store).await;
    assert_eq!((rows.transport_nonces, rows.envelope_nonces), (64, 64));
    for answer in send_all(&app, &requests).await {
        answer.expect_code(401, "replay");
    }
}

async fn fill_with_old_nonces(app: &TestApp) {
    let row = |number: u32| transport_nonces::ActiveModel {
        server_id: Set("old.example".to_owned()),
        nonce: Set(number.to_be_bytes().to_vec()),
        received_at: Set(number.into()),
    };
    let filled = app.app().store.write(async |tx| {
        for hundred in 0..100 {
            let rows = (100 * hundred..100 * (hundred + 1)).map(row);
            transport_nonces::Entity::insert_many(rows)
                .exec_without_returning(tx)
                .await?;
        }
        Ok::<_, StoreError>(())
    });
    filled.await.unwrap();
}
