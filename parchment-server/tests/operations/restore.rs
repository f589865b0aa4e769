//! Restoring backups.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use parchment_core::encoding;
use parchment_server::{Server, config::Settings};
use reqwest::Method;
use serde_json::json;

use crate::{
    arg, beside, command, names, run, said,
    support::app::{TestApp, answer, random},
};

const ROUNDS: u32 = 40;

/// A server with people on it, and a backup of it; it is stopped.
async fn backed_up() -> (Settings, tempfile::TempDir, PathBuf, String) {
    let app = TestApp::start_on_file().await;
    let token = app.person("alice").await.token;
    for number in 0..20 {
        app.sign_in(&format!("somebody_{number}@mail.example")).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b.tar");
    beside(&app, &["backup", arg(&file)]).await.done();
    let settings = app.settings.clone();
    let mut app = app;
    app.stop().await;
    (settings, folder, file, token)
}

/// Starts the server on a restored folder and looks whether alice is there, with her session.
async fn has_alice(settings: &Settings, data: &Path, token: &str) {
    let mut settings = settings.clone();
    settings.data_dir = data.to_owned();
    let server = Server::start(settings.clone()).await.unwrap();
    let http = crate::support::app::http_client();
    let url = format!("http://{}/users/me/identity", settings.listen);
    let identity = answer(http.request(Method::GET, url).bearer_auth(token))
        .await
        .expect(200);
    assert_eq!(
        identity.body["handle"],
        json!(format!("alice@{}", settings.server_id()))
    );
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_starts_and_everything_is_there() {
    let (settings, folder, file, token) = backed_up().await;
    let to = folder.path().join("new/data");
    let told = run(&settings, &to, &["restore", arg(&file)]).await.done();
    assert!(!told.contains("warn"), "{told}");
    assert_eq!(names(&to), ["parchment.db", "server-identity.key"]);
    has_alice(&settings, &to, &token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_there_is_touched() {
    let (settings, folder, file, _) = backed_up().await;
    let other_key = encoding::encode(&random::<32>());
    for (name, content, word) in [
        ("parchment.db", "", "move it away"),
        ("parchment.db-wal", "left over", "move it away"),
        ("parchment.db-shm", "", "move it away"),
        ("parchment.db-journal", "", "move it away"),
        ("server-identity.key", other_key.as_str(), "another key"),
        ("server-identity.key", "nonsense", "does not hold a key"),
    ] {
        let to = tempfile::tempdir_in(folder.path()).unwrap();
        fs::write(to.path().join(name), content).unwrap();
        run(&settings, to.path(), &["restore", arg(&file)]).await.failed(word);
        assert_eq!(names(to.path()), [name]);
        assert_eq!(fs::read_to_string(to.path().join(name)).unwrap(), content);
    }
    let to = tempfile::tempdir_in(folder.path()).unwrap();
    let mut other = command(&settings, to.path(), &["restore", arg(&file)]);
    other.env("SERVER_IDENTITY_PRIVATE_KEY", other_key);
    said(other).await.failed("SERVER_IDENTITY_PRIVATE_KEY is not the key");
    assert_eq!(names(to.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_without_the_key_is_restored_beside_the_key_or_waits_for_it() {
    let app = TestApp::start_on_file().await;
    let token = app.person("alice").await.token;
    let key = fs::read_to_string(app.folder.path().join("server-identity.key")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b.tar");
    beside(&app, &["backup", arg(&file), "--without-key"]).await.done();
    let settings = app.settings.clone();
    let mut app = app;
    app.stop().await;

    let to = folder.path().join("waits");
    let told = run(&settings, &to, &["restore", arg(&file)]).await.done();
    assert!(told.contains("warn the server's key is not here yet"), "{told}");
    run(&settings, &to, &["serve"]).await.failed("put the file back");
    fs::write(to.join("server-identity.key"), &key).unwrap();
    has_alice(&settings, &to, &token).await;

    let to = folder.path().join("beside");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("server-identity.key"), &key).unwrap();
    run(&settings, &to, &["restore", arg(&file)]).await.done();
    has_alice(&settings, &to, &token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_elsewhere_is_restored_to_where_its_setting_says() {
    let (settings, folder, file, _) = backed_up().await;
    let to = folder.path().join("data");
    let mut elsewhere = command(&settings, &to, &["restore", arg(&file)]);
    let database = folder.path().join("elsewhere/store.db");
    elsewhere.env("DATABASE_URL", format!("sqlite://{}", database.display()));
    said(elsewhere).await.done();
    assert!(database.exists());
    assert_eq!(names(&to), ["server-identity.key"]);
    let mut postgres = command(&settings, &to, &["restore", arg(&file)]);
    postgres.env("DATABASE_URL", "postgres://parchment:secret@db.example/parchment");
    let told = said(postgres).await.failed("migrate-to");
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_another_name_it_says_that_the_server_will_not_start() {
    let (mut settings, folder, file, _) = backed_up().await;
    settings.public_origin = parchment_core::handle::Origin::parse("https://other.example").unwrap();
    let to = folder.path().join("data");
    let told = run(&settings, &to, &["restore", arg(&file)]).await.done();
    assert!(told.contains("warn this was localhost:"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_a_restore_leaves_no_database_or_a_whole_one() {
    let (settings, folder, file, token) = backed_up().await;
    let started = Instant::now();
    run(&settings, &folder.path().join("whole"), &["restore", arg(&file)])
        .await
        .done();
    let takes = started.elapsed();
    let whole = fs::read(folder.path().join("whole/parchment.db")).unwrap();
    let (mut killed_before, mut killed_with_traces) = (0, 0);
    for round in 0..ROUNDS {
        let to = folder.path().join(format!("{round}"));
        let mut process = command(&settings, &to, &["restore", arg(&file)])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole of it, and some beyond.
        let spread = f64::from(round) + f64::from(random::<1>()[0]) / 256.0;
        tokio::time::sleep(takes.mul_f64(1.1 * spread / f64::from(ROUNDS))).await;
        process.kill().await.unwrap();
        let left = names(&to);
        let database = to.join("parchment.db");
        if database.exists() {
            assert_eq!(fs::read(&database).unwrap(), whole, "round {round}: half a database");
            assert!(
                to.join("server-identity.key").exists(),
                "round {round}: the key is missing"
            );
            let again = run(&settings, &to, &["restore", arg(&file)]).await;
            again.failed("is there already");
        } else {
            killed_before += 1;
            killed_with_traces += u32::from(!left.is_empty());
            run(&settings, &to, &["restore", arg(&file)]).await.done();
            assert_eq!(names(&to), ["parchment.db", "server-identity.key"], "round {round}");
        }
        assert_eq!(fs::read(&database).unwrap(), whole);
    }
    // Otherwise no kill came in the middle of anything, and this test showed nothing.
    println!("{killed_before} killed before the end, {killed_with_traces} of them with traces");
    assert!(killed_with_traces > 0);
    has_alice(&settings, &folder.path().join("0"), &token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_restores_at_the_same_time_one_takes_place() {
    let (settings, folder, file, token) = backed_up().await;
    let to = folder.path().join("data");
    let args = ["restore", arg(&file)];
    let all = futures_util::future::join_all((0..6).map(|_| run(&settings, &to, &args))).await;
    let done = all.iter().filter(|said| said.code == Some(0)).count();
    assert_eq!(done, 1, "{all:?}");
    for said in all.into_iter().filter(|said| said.code != Some(0)) {
        assert!(
            said.err.contains("another restore is at work") || said.err.contains("is there already"),
            "{said:?}"
        );
    }
    assert_eq!(names(&to), ["parchment.db", "server-identity.key"]);
    has_alice(&settings, &to, &token).await;
}
