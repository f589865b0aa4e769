//! A database file that another program has locked: reading goes on, writing is put off.

use std::time::Duration;

use parchment_core::envelope::Kind;
use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::Value;

use crate::support::{peer::Peer, program::Program};

#[tokio::test(flavor = "multi_thread")]
async fn while_another_program_holds_the_lock_reading_goes_on_and_writing_waits_or_is_put_off() {
    let mut program = Program::new();
    program.start().await;
    let alice = program.sign_up("alice").await;
    let home = Peer::start().await;
    let send = async |name: &str| {
        let message = home.user(name).say(Kind::FriendInvite, &alice);
        let request = home.request(&program.id, &message);
        let answer = request.at(&program.http, &program.origin()).send().await.unwrap();
        (request, answer.status().as_u16())
    };
    assert_eq!(send("before").await.1, 202);

    let url = format!(
        "sqlite://{}?mode=rw",
        program.folder.path().join("parchment.db").display()
    );
    let other = Database::connect(&url).await.unwrap();
    let transaction = sea_orm::TransactionTrait::begin(&other).await.unwrap();
    transaction
        .execute_unprepared("UPDATE users SET updated_at = updated_at")
        .await
        .unwrap();
    let (put_off, status) = send("during").await;
    assert_eq!(status, 503);
    let document = "/.well-known/user/alice";
    program.call(Method::GET, document, "", Value::Null).await.expect(404);
    program
        .call(Method::GET, "/health/live", "", Value::Null)
        .await
        .expect(200);

    // A lock that is held for a moment only is waited for.
    let releasing = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        transaction.rollback().await.unwrap();
    });
    let waited = put_off.at(&program.http, &program.origin()).send().await.unwrap();
    assert_eq!(waited.status(), 202);
    releasing.await.unwrap();
    assert_eq!(send("after").await.1, 202);
}
