//! Making backups.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
};

use futures_util::{StreamExt as _, stream};
use parchment_core::{encoding, envelope::Kind};
use parchment_server::store::{
    Store,
    entities::{envelope_nonces, invitations},
};
use sea_orm::EntityTrait as _;

use crate::{
    arg, beside, command, names, run, said,
    support::{
        app::{TestApp, random},
        peer::Peer,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_messages_come_in_has_all_that_were_acknowledged_before_it_began() {
    let app = TestApp::start_on_file().await;
    let home = Peer::start().await;
    let out = tempfile::tempdir().unwrap();
    let bobs: Vec<_> = {
        let mut bobs = Vec::new();
        for number in 0..8 {
            bobs.push(app.person(&format!("bob_{number}")).await.handle().clone());
        }
        bobs
    };
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let sending = stream::iter(0..480)
        .map(|number| {
            let (app, home, acknowledged, bobs) = (&app, &home, acknowledged.clone(), &bobs);
            async move {
                let alice = home.user(&format!("alice_{number}"));
                let said = alice.say(Kind::FriendInvite, &bobs[number % bobs.len()]);
                home.deliver(app, &said).await.expect(202);
                acknowledged.lock().unwrap().push(alice.handle.to_string());
            }
        })
        .buffer_unordered(8)
        .collect::<Vec<()>>();
    let backing_up = async {
        let mut taken = Vec::new();
        for number in 0..4 {
            while acknowledged.lock().unwrap().len() < 50 + number * 100 {
                tokio::task::yield_now().await;
            }
            let before = acknowledged.lock().unwrap().clone();
            let file = out.path().join(format!("{number}.tar"));
            beside(&app, &["backup", arg(&file)]).await.done();
            let after = acknowledged.lock().unwrap().len();
            taken.push((file, before, after));
        }
        taken
    };
    let (_, taken) = tokio::join!(sending, backing_up);
    assert!(
        taken.iter().any(|(_, before, after)| after > &before.len()),
        "nothing came in during any backup, and this test showed nothing"
    );
    for (file, before, _) in taken {
        let to = tempfile::tempdir().unwrap();
        run(&app.settings, to.path(), &["restore", arg(&file)]).await.done();
        let url = format!("sqlite://{}?mode=rw", to.path().join("parchment.db").display());
        let store = Store::open(&url).await.unwrap();
        let invited = invitations::Entity::find().all(store.reader()).await.unwrap();
        let nonces = envelope_nonces::Entity::find().all(store.reader()).await.unwrap();
        store.close().await;
        assert_eq!(invited.len(), nonces.len(), "a message is there by half");
        for handle in before {
            assert!(
                invited.iter().any(|row| row.peer_handle == handle),
                "{handle} was acknowledged and is not in the backup"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_for_its_owners_eyes_and_leaves_nothing_beside_itself() {
    let app = TestApp::start_on_file().await;
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("a backup?.tar");
    let said = beside(&app, &["backup", arg(&file)]).await.done();
    assert_eq!(names(out.path()), ["a backup?.tar"]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        said.contains("Keep it secret") && said.contains(app.id.as_str()),
        "{said}"
    );
    let verified = beside(&app, &["backup", "verify", arg(&file)]).await.done();
    assert_eq!(
        verified.lines().filter(|line| line.starts_with("  ok ")).count(),
        6,
        "{verified}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_overwrites_nothing() {
    let app = TestApp::start_on_file().await;
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("b.tar");
    fs::write(&file, "dear").unwrap();
    beside(&app, &["backup", arg(&file)]).await.failed("is there already");
    assert_eq!(fs::read_to_string(&file).unwrap(), "dear");
    assert_eq!(names(out.path()), ["b.tar"]);
    let nowhere = out.path().join("no/b.tar");
    beside(&app, &["backup", arg(&nowhere)]).await.failed("No such file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_never_started_has_nothing_to_back_up() {
    let app = TestApp::start_on_file().await;
    let empty = tempfile::tempdir().unwrap();
    let file = empty.path().join("b.tar");
    let said = run(&app.settings, &empty.path().join("data"), &["backup", arg(&file)]).await;
    said.failed("there is no database");
    fs::write(empty.path().join("parchment.db"), "").unwrap();
    let said = run(&app.settings, empty.path(), &["backup", arg(&file)]).await;
    said.failed("no server was ever started");
    assert_eq!(names(empty.path()), ["parchment.db"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_not_backed_up_as_if_it_were_sound() {
    let mut app = TestApp::start_on_file().await;
    for number in 0..30 {
        app.sign_in(&format!("somebody_{number}@mail.example")).await;
    }
    // Leaves one whole file: the last to close it takes the log in.
    app.restart().await;
    let data = tempfile::tempdir().unwrap();
    fs::copy(
        app.folder.path().join("server-identity.key"),
        data.path().join("server-identity.key"),
    )
    .unwrap();
    let out = data.path().join("good.tar");
    beside(&app, &["backup", arg(&out)]).await.done();
    run(&app.settings, &data.path().join("copy"), &["restore", arg(&out)])
        .await
        .done();
    let database = data.path().join("copy/parchment.db");
    let mut bytes = fs::read(&database).unwrap();
    // Past the schema, in the middle of the pages of tables and indexes.
    let (from, to) = (bytes.len() / 2, bytes.len() * 3 / 4);
    bytes[from..to].fill(0xa5);
    fs::write(&database, bytes).unwrap();
    let bad = data.path().join("bad.tar");
    let said = run(&app.settings, &data.path().join("copy"), &["backup", arg(&bad)]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(!bad.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_from_the_setting_is_backed_up_and_another_is_refused() {
    let seed = encoding::encode(&random::<32>());
    let app = TestApp::start_with(|settings| {
        settings.server_identity_private_key = Some(seed.parse().unwrap());
        settings.database_url = None;
    })
    .await;
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("b.tar");
    beside(&app, &["backup", arg(&file)]).await.failed("key is not at hand");
    let mut other = command(&app.settings, app.folder.path(), &["backup", arg(&file)]);
    other.env("SERVER_IDENTITY_PRIVATE_KEY", encoding::encode(&random::<32>()));
    said(other).await.failed("not the one that this database belongs to");
    assert!(!file.exists());
    let mut same = command(&app.settings, app.folder.path(), &["backup", arg(&file)]);
    same.env("SERVER_IDENTITY_PRIVATE_KEY", &seed);
    let told = said(same).await;
    assert!(!told.out.contains(&seed) && !told.err.contains(&seed));
    told.done();
    run(&app.settings, &out.path().join("data"), &["restore", arg(&file)])
        .await
        .done();
    assert_eq!(
        fs::read_to_string(out.path().join("data/server-identity.key")).unwrap(),
        seed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_without_the_key_does_not_hold_it() {
    let app = TestApp::start_on_file().await;
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("b.tar");
    beside(&app, &["backup", arg(&file), "--without-key"]).await.done();
    let key = fs::read_to_string(app.folder.path().join("server-identity.key")).unwrap();
    let bytes = fs::read(&file).unwrap();
    let raw = encoding::decode(&key).unwrap();
    assert!(!bytes.windows(key.len()).any(|some| some == key.as_bytes()));
    assert!(!bytes.windows(raw.len()).any(|some| some == raw));
    let verified = beside(&app, &["backup", "verify", arg(&file)]).await.done();
    assert!(verified.contains("key is not in it"), "{verified}");
}
