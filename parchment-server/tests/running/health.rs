use parchment_server::store::{StoreError, entities::transport_nonces};
use reqwest::Method;
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, EntityTrait as _};

use crate::support::app::{Answer, TestApp};

async fn get(app: &TestApp, path: &str) -> Answer {
    app.call(Method::GET, path, None).await
}

/// Panics unless the server lives and is not ready for this reason.
async fn assert_not_ready(app: &TestApp, word: &str) {
    let answer = get(app, "/health/ready").await.expect(503);
    assert_eq!(answer.code(), "not_ready");
    assert!(
        answer.body["message"].as_str().unwrap().contains(word),
        "{}",
        answer.text
    );
    get(app, "/health/live").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_works_lives_and_is_ready() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(get(&app, path).await.expect(200).body["status"], "ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_server_lives_and_is_not_ready() {
    let app = TestApp::start().await;
    app.app().store.close().await;
    assert_not_ready(&app, "database").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_schema_was_changed_by_another_version_is_not_ready() {
    let app = TestApp::start().await;
    let store = &app.app().store;
    let newer = store.write(async |tx| {
        let row = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_newer', 0)";
        tx.execute_unprepared(row).await?;
        Ok::<_, StoreError>(())
    });
    newer.await.unwrap();
    assert_not_ready(&app, "schema").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_fell_behind_its_database_is_not_ready() {
    let app = TestApp::start().await;
    let received = |offset| transport_nonces::ActiveModel {
        server_id: Set("other.example".to_owned()),
        nonce: Set(vec![u8::try_from(offset / 100_000).unwrap(); 16]),
        received_at: Set(app.app().now().0 + offset),
    };
    let insert = async |offset| {
        let row = received(offset);
        let inserted = app.app().store.write(async |tx| {
            transport_nonces::Entity::insert(row).exec_without_returning(tx).await?;
            Ok::<_, StoreError>(())
        });
        inserted.await.unwrap();
    };
    insert(200_000).await;
    get(&app, "/health/ready").await.expect(200);
    insert(400_000).await;
    assert_not_ready(&app, "clock").await;
}
