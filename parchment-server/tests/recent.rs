//! What is kept in memory is never older than the database: not even when others write to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::Command;

use parchment_server::store::{Store, StoreError};
use reqwest::header::HeaderMap;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use support::app::{Answer, Person, TestApp};

/// The database of a server, opened once more, as another process would.
async fn beside(app: &TestApp) -> Store {
    Store::open(&app.settings.database_url()).await.unwrap()
}

async fn change(store: &Store, statement: &str) {
    let change = async |tx: &parchment_server::store::Transaction| {
        tx.execute_unprepared(statement).await.map_err(StoreError::from)
    };
    store.write(change).await.unwrap();
}

async fn run(app: &TestApp, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
    command
        .args(arguments)
        .env_clear()
        .env("PARCHMENT_DATA_DIR", &app.settings.data_dir)
        .env("PARCHMENT_PUBLIC_ORIGIN", app.settings.public_origin.to_string())
        .current_dir(&app.settings.data_dir);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn document(app: &TestApp, alias: &str) -> Answer {
    app.call(reqwest::Method::GET, &format!("/.well-known/user/{alias}"), None)
        .await
}

async fn identity(person: &Person<'_>) -> Answer {
    person.get("/users/me/identity").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_others_end_is_over_with_the_next_request() {
    let app = TestApp::start().await;
    let other = beside(&app).await;
    let alice = app.person("alice").await;
    for _ in 0..50 {
        identity(&alice).await.expect(200);
        identity(&alice).await.expect(200);
        change(&other, "UPDATE sessions SET expires_at = -expires_at").await;
        identity(&alice).await.expect_code(401, "signed_out");
        change(&other, "UPDATE sessions SET expires_at = -expires_at").await;
    }
    identity(&alice).await.expect(200);
    change(&other, "DELETE FROM sessions").await;
    identity(&alice).await.expect_code(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_another_program_switches_off_is_off_with_the_next_request() {
    let app = TestApp::start().await;
    app.sign_in("operator@mail.example").await;
    let alice = app.person("alice").await;
    identity(&alice).await.expect(200);
    document(&app, "alice").await.expect(200);
    document(&app, "alice").await.expect(200);
    run(&app, &["admin", "user", "disable", "alice@mail.example"]).await;
    identity(&alice).await.expect_code(401, "signed_out");
    document(&app, "alice").await.expect_code(404, "not_found");
    run(&app, &["admin", "user", "enable", "alice@mail.example"]).await;
    document(&app, "alice").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_known_is_answered_as_one_that_is_not() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (first, second) = (
        document(&app, "alice").await.expect(200),
        document(&app, "alice").await.expect(200),
    );
    assert_eq!(first.text, second.text);
    let of = |answer: &Answer| {
        let mut headers: HeaderMap = answer.headers.clone();
        headers.remove("date");
        assert!(headers.remove("x-request-id").is_some());
        headers
    };
    assert_eq!(of(&first), of(&second));
    document(&app, "Alice").await.expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_changes_with_its_user() {
    let app = TestApp::start().await;
    let other = beside(&app).await;
    let alice = app.person("alice").await;
    let before = document(&app, "alice").await.expect(200);
    document(&app, "alice").await.expect(200);
    alice.register_keys().await;
    let renewed = document(&app, "alice").await.expect(200);
    for round in 0..50 {
        change(
            &other,
            &format!("UPDATE users SET first_name = 'Alice {round}' WHERE alias = 'alice'"),
        )
        .await;
        for _ in 0..2 {
            assert_eq!(
                document(&app, "alice").await.expect(200).body["name"],
                json!(format!("Alice {round}"))
            );
        }
    }
    change(&other, "UPDATE users SET alias = 'Alice' WHERE alias = 'alice'").await;
    document(&app, "alice").await.expect_code(404, "not_found");
    document(&app, "Alice").await.expect(200);
    assert_eq!(before.body["handle"], renewed.body["handle"]);
}
