//! `db migrate-to`: a whole server from one database to another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    path::Path,
    process::{Command, Output},
};

use parchment_server::{
    config::Settings,
    store::{MoveError, Store, move_all},
};
use reqwest::Method;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use support::{
    app::{Person, TestApp},
    database,
};

fn file(folder: &Path, name: &str) -> String {
    format!("sqlite://{}", folder.join(name).display())
}

/// A stopped server on SQLite on which alice has everything that one can have.
async fn lived_in() -> TestApp {
    let mut app = TestApp::start_with(|settings| {
        settings.database_url = None;
        settings.rate_limits = parchment_server::config::Switch::Off;
    })
    .await;
    {
        let alice = app.person("alice").await;
        let bob = app.person("bob").await;
        for number in 0..40 {
            let blob = parchment_core::encoding::encode(&[[2, 1].as_slice(), &[number; 60]].concat());
            let path = format!("/me/blobs/type{number}");
            let body = json!({ "encryptedBlob": blob });
            alice.call(Method::PUT, &path, Some(body)).await.expect(200);
        }
        alice.post("/library/collections", json!({})).await.expect(201);
        alice.get("/users/me/devices/device-01/wrap-secret").await.expect(200);
        alice.invite(bob.handle()).await.expect(200);
        let name = json!({ "firstName": "Älice 🦀" });
        alice
            .call(Method::PATCH, "/users/me/profile", Some(name))
            .await
            .expect(200);
    }
    app.stop().await;
    app
}

fn migrate(settings: &Settings, from: &str, to: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parchment-server"))
        .env_clear()
        .env("PARCHMENT_DATA_DIR", &settings.data_dir)
        .env("PARCHMENT_PUBLIC_ORIGIN", settings.public_origin.to_string())
        .env("DATABASE_URL", from)
        .args(["db", "migrate-to", to])
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_moves_to_postgresql_and_back_and_nobody_notices() {
    let Some(postgres) = database::empty_postgres() else {
        return;
    };
    let mut app = lived_in().await;
    let before = app.settings.database_url();
    let moved = migrate(&app.settings, &before, &postgres);
    let said = String::from_utf8(moved.stdout).unwrap();
    assert!(
        moved.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&moved.stderr)
    );
    assert!(said.contains("blobs: 40 rows"), "{said}");

    app.settings.database_url = Some(postgres.clone());
    app.start_again().await;
    {
        let alice = app.sign_in("alice@mail.example").await;
        let document = app.call(Method::GET, "/.well-known/user/alice", None).await.expect(200);
        assert_eq!(document.body["name"], "Älice 🦀");
        alice.get("/me/blobs/type39").await.expect(200);
    }
    app.stop().await;

    let after = file(app.folder.path(), "back.db");
    let there = move_all(&postgres, &after, |_| {}).await.unwrap();
    let again = database::empty_postgres().unwrap();
    let back = move_all(&after, &again, |_| {}).await.unwrap();
    assert_eq!(there, back, "the same rows, whatever they lie in");
    app.settings.database_url = Some(after);
    app.start_again().await;
    let alice: Person<'_> = app.sign_in("alice@mail.example").await;
    alice.get("/me/blobs/type0").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_rows_is_never_written_to() {
    let Some(postgres) = database::postgres() else { return };
    let app = lived_in().await;
    let source = app.settings.database_url();
    let target = Store::open(&postgres).await.unwrap();
    let row = "INSERT INTO peers VALUES ('home.example', '\\x00', 1, NULL, NULL)";
    target
        .write(async |tx| {
            tx.execute_unprepared(row).await?;
            Ok::<_, parchment_server::store::StoreError>(())
        })
        .await
        .unwrap();
    target.close().await;
    let refused = move_all(&source, &postgres, |_| {}).await.unwrap_err();
    assert!(
        matches!(&refused, MoveError::NotEmpty(table) if table == "peers"),
        "{refused}"
    );
    let refused = migrate(&app.settings, &source, &postgres);
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && complaint.contains("`peers` has rows"),
        "{complaint}"
    );
    let same = move_all(&source, &source, |_| {}).await.unwrap_err();
    assert!(matches!(same, MoveError::Same), "{same}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_not_moved() {
    let Some(target) = database::empty_postgres() else {
        return;
    };
    let mut app = lived_in().await;
    let source = app.settings.database_url();
    app.start_again().await;
    let refused = migrate(&app.settings, &source, &target);
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && complaint.contains("stop every server"),
        "{complaint}"
    );
    // The server goes on as before.
    app.sign_in("alice@mail.example").await;
    app.stop().await;
    assert!(migrate(&app.settings, &source, &target).status.success());

    app.settings.database_url = Some(target.clone());
    app.start_again().await;
    let back = file(app.folder.path(), "back.db");
    let refused = move_all(&target, &back, |_| {}).await.unwrap_err();
    assert!(matches!(refused, MoveError::InUse), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_nothing_to_move_nothing_is_made() {
    let Some(target) = database::empty_postgres() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let missing = file(folder.path(), "missing.db");
    let refused = move_all(&missing, &target, |_| {}).await.unwrap_err();
    assert!(matches!(refused, MoveError::NoSource), "{refused}");
    let empty = database::empty_postgres().unwrap();
    let refused = move_all(&empty, &file(folder.path(), "new.db"), |_| {})
        .await
        .unwrap_err();
    assert!(matches!(refused, MoveError::NoSource), "{refused}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_postgresql_is_looked_over_and_backed_up_like_any_other() {
    let Some(postgres) = database::postgres() else { return };
    let app = TestApp::start_with(|settings| settings.database_url = Some(postgres.clone())).await;
    let alice = app.sign_in("alice@mail.example").await;
    let blob = parchment_core::encoding::encode(&[[2, 1].as_slice(), &[7; 60]].concat());
    let body = json!({ "encryptedBlob": blob });
    alice.call(Method::PUT, "/me/blobs/kept", Some(body)).await.expect(200);

    let said = beside(&app.settings, Some(&postgres), &["doctor"]);
    let (text, _) = done(&said);
    assert!(text.contains("the PostgreSQL database can be reached"), "{text}");

    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("backup.tar");
    let file = file.to_str().unwrap();
    // While the server runs.
    done(&beside(&app.settings, Some(&postgres), &["backup", file]));
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);

    let restore = ["--data-dir", out.path().to_str().unwrap(), "restore", file];
    let refused = beside(&app.settings, Some(&postgres), &restore);
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && complaint.contains("migrate-to"),
        "{complaint}"
    );
    done(&beside(&app.settings, None, &restore));

    let mut settings = app.settings.clone();
    settings.data_dir = out.path().to_owned();
    settings.database_url = None;
    settings.listen.set_port(support::app::free_port());
    let restored = parchment_server::Server::start(settings.clone()).await.unwrap();
    let url = format!("http://{}/me/blobs/kept", settings.listen);
    let kept = support::app::answer(app.http.get(url).bearer_auth(&alice.token)).await;
    kept.expect(200);
    restored.stop().await.unwrap();
}

fn beside(settings: &Settings, database: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
    command
        .env_clear()
        .env("PARCHMENT_DATA_DIR", &settings.data_dir)
        .env("PARCHMENT_PUBLIC_ORIGIN", settings.public_origin.to_string())
        .args(arguments);
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    command.output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    (said, complained)
}
