//! Looking a server over.

use std::{fs, os::unix::fs::PermissionsExt as _, time::SystemTime};

use parchment_core::{encoding, envelope::Kind, handle::Origin, manifest::MANIFEST_PATH};
use parchment_server::{config::Settings, federation::fingerprint::Fingerprint};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use crate::{
    Said, beside, command, run, said,
    support::{
        app::{TestApp, free_port, random},
        peer::{Page, Peer},
        rows,
    },
};

/// The verdict and the words about a check.
fn finding(said: &Said, check: &str) -> (String, String) {
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut found = findings.filter(|finding| finding["check"] == check);
    let finding = found
        .next()
        .unwrap_or_else(|| panic!("{check} was not checked: {}", said.out));
    assert!(found.next().is_none(), "{check} was checked twice");
    assert_eq!(finding["advice"].is_null(), finding["verdict"] == "ok", "{finding}");
    let text = |member: &str| finding[member].as_str().unwrap_or_default().to_owned();
    (text("verdict"), format!("{} {}", text("found"), text("advice")))
}

#[track_caller]
fn assert_finding(said: &Said, check: &str, verdict: &str, word: &str) {
    let (was, words) = finding(said, check);
    assert_eq!(was, verdict, "{check}: {words}");
    assert!(words.contains(word), "{word:?} is not in {words}");
}

async fn doctor(app: &TestApp) -> Said {
    beside(app, &["doctor", "--json"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_server_in_order_nothing_fails() {
    let app = TestApp::start_on_file().await;
    let said = doctor(&app).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let fingerprint = Fingerprint::of(&app.app().server.public_key()).to_string();
    for (check, verdict, word) in [
        ("settings", "ok", app.id.as_str()),
        ("trusted_proxies", "ok", ""),
        ("database", "ok", "sound"),
        ("disk_space", "ok", "MiB"),
        ("server_key", "ok", &fingerprint),
        ("listening", "ok", "runs"),
        ("public_origin", "warn", "this very machine"),
        ("clock", "warn", "cannot be judged"),
        ("mail", "ok", "files"),
        ("peers", "ok", "0 are known"),
    ] {
        assert_finding(&said, check, verdict, word);
    }
    let text = beside(&app, &["doctor"]).await.done();
    assert!(text.contains("Nothing failed"), "{text}");
    assert!(!text.contains("FAIL"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_while_the_server_does_not_run_and_before_it_ever_has() {
    let mut app = TestApp::start_on_file().await;
    app.stop().await;
    let said = doctor(&app).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_finding(&said, "listening", "warn", "does not run");
    assert_finding(&said, "public_origin", "warn", "does not run");
    assert_finding(&said, "database", "ok", "sound");
    assert_finding(&said, "server_key", "ok", "belongs to");

    let new = app.folder.path().join("new");
    let said = run(&app.settings, &new, &["doctor", "--json"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for check in ["data_folder", "database", "server_key"] {
        assert_finding(&said, check, "warn", "made when the server");
    }
    assert!(!new.join("parchment.db").exists() && !new.join("server-identity.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_lost_or_another_fails() {
    let mut app = TestApp::start().await;
    app.stop().await;
    let key = app.folder.path().join("server-identity.key");
    let was = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let said = doctor(&app).await;
    assert_finding(&said, "server_key", "fail", "is missing");
    said.failed("1 check failed");
    fs::write(&key, encoding::encode(&random::<32>())).unwrap();
    assert_finding(&doctor(&app).await, "server_key", "fail", "another key");
    fs::write(&key, "nonsense").unwrap();
    assert_finding(&doctor(&app).await, "server_key", "fail", "does not hold a key");
    fs::write(&key, was).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_finding(&doctor(&app).await, "server_key", "warn", "chmod 600");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_others_may_read_and_a_damaged_database_are_told() {
    let mut app = TestApp::start_on_file().await;
    app.person("alice").await;
    app.stop().await;
    let database = app.folder.path().join("parchment.db");
    fs::set_permissions(app.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o644)).unwrap();
    let said = doctor(&app).await;
    assert_finding(&said, "data_folder", "warn", "chmod 700");
    assert_finding(&said, "database", "warn", "chmod 600");
    let mut bytes = fs::read(&database).unwrap();
    let (from, to) = (bytes.len() / 4, bytes.len() * 3 / 4);
    bytes[from..to].fill(0xa5);
    fs::write(&database, &bytes).unwrap();
    assert_finding(&doctor(&app).await, "database", "fail", "restore a backup");
    fs::write(&database, "hello, I am no database at all, and never was").unwrap();
    assert_finding(&doctor(&app).await, "database", "fail", "restore a backup");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_at_the_public_origin_is_found_out() {
    let app = TestApp::start().await;
    let other = Peer::start().await;
    let origin = |peer: &Peer| Origin::parse(&format!("http://{}", peer.id())).unwrap();
    // A server that has taken this one's name, as an old machine behind the proxy would.
    let mut settings: Settings = app.settings.clone();
    settings.public_origin = origin(&other);
    let at_origin = async |page: Page| {
        other.set(MANIFEST_PATH, page);
        run(&settings, app.folder.path(), &["doctor", "--json"]).await
    };
    let said = at_origin(Page::Json(other.manifest())).await;
    assert_finding(&said, "public_origin", "fail", "a server with another key");
    assert_finding(&said, "listening", "fail", "is not this server");
    said.failed("checks failed");
    for (page, word) in [
        (Page::Raw(404, vec![], vec![]), "it answers 404"),
        (
            Page::Raw(301, vec![("location", "http://localhost/".to_owned())], vec![]),
            "redirects",
        ),
        (
            Page::Raw(200, vec![("content-type", "text/html".to_owned())], b"<p>".to_vec()),
            "not application/json",
        ),
        (Page::Json(serde_json::json!({})), "not this server's manifest"),
        (Page::Raw(502, vec![], vec![]), "does not reach the server"),
    ] {
        let said = at_origin(page).await;
        let (_, words) = finding(&said, "public_origin");
        assert!(words.contains(word), "{word:?} is not in {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_nowhere_and_settings_that_cannot_work_fail() {
    let app = TestApp::start().await;
    let mut settings = app.settings.clone();
    settings.public_origin = Origin::parse("https://nowhere.invalid").unwrap();
    let said = run(&settings, app.folder.path(), &["doctor", "--json"]).await;
    assert_finding(&said, "public_origin", "fail", "leads nowhere");
    assert_finding(&said, "trusted_proxies", "warn", "PARCHMENT_TRUSTED_PROXIES");
    settings.public_origin = Origin::parse("http://home.example").unwrap();
    let said = run(&settings, app.folder.path(), &["doctor", "--json"]).await;
    assert_finding(&said, "settings", "fail", "use https");
    let mut everybody = command(&app.settings, app.folder.path(), &["doctor", "--json"]);
    everybody.env("PARCHMENT_TRUSTED_PROXIES", "0.0.0.0/0");
    assert_finding(
        &crate::said(everybody).await,
        "trusted_proxies",
        "fail",
        "Anybody can give herself any address",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_compared_with_those_of_peers() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    home.deliver(&app, &home.user("alice").say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    assert_finding(&doctor(&app).await, "clock", "ok", home.id().as_str());
    let date_in = |seconds: i64| {
        let now = SystemTime::now();
        let seconds_off = std::time::Duration::from_secs(seconds.unsigned_abs());
        let then = if seconds < 0 {
            now - seconds_off
        } else {
            now + seconds_off
        };
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("date", httpdate::fmt_http_date(then)),
        ];
        Page::Raw(200, headers, home.manifest().to_string().into_bytes())
    };
    for (off, verdict, word) in [(60, "warn", "behind"), (-60, "warn", "ahead"), (600, "fail", "behind")] {
        home.set(MANIFEST_PATH, date_in(off));
        assert_finding(&doctor(&app).await, "clock", verdict, word);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_has_changed_its_key_is_pointed_out() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, bob.handle()))
        .await
        .expect(202);
    assert_finding(&doctor(&app).await, "peers", "ok", "1 are known");
    rows::change(
        &app,
        "INSERT INTO peer_refusals VALUES ('x.example', 'sent', 'busy', 'No.', 1000, 1, 1), \
         ((SELECT server_id FROM peers), 'unverified', 'stale_request', 'No.', 1000, 1, 1)",
    )
    .await;
    assert_finding(&doctor(&app).await, "peers", "ok", "1 are known");
    rows::change(
        &app,
        "INSERT INTO peer_refusals VALUES ((SELECT server_id FROM peers), 'sent', 'stale_message', 'No.', 100, 1, 1)",
    )
    .await;
    assert_finding(&doctor(&app).await, "peers", "warn", "peer why");
    let new = home.with_new_key();
    new.publish_manifest();
    new.deliver(&app, &alice.say(Kind::RelationshipRevoke, bob.handle()))
        .await
        .expect_code(401, "pin_mismatch");
    let told = doctor(&app).await;
    assert_finding(&told, "peers", "warn", home.id().as_str());
    assert_eq!(told.code, Some(0), "one peer's key is no failure of this server");
}

/// A mail server that takes one password.
async fn mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = stream.split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 mail.example ESMTP\r\n").await.ok()?;
                while let Some(line) = lines.next_line().await.ok()? {
                    let good = encoding::encode(b"\0me\0right");
                    let reply = match line.as_str() {
                        line if line.starts_with("EHLO") => "250-mail.example\r\n250 AUTH PLAIN",
                        line if line.starts_with("AUTH") && line.ends_with(&good) => "235 fine",
                        line if line.starts_with("AUTH") => "535 wrong password",
                        line if line.starts_with("RCPT") && line.contains("refused") => "550 nobody here",
                        "DATA" => "354 go on",
                        "." => "250 taken",
                        "QUIT" => "221 bye",
                        line if line.starts_with("MAIL") || line.starts_with("RCPT") || line == "NOOP" => "250 fine",
                        // The lines of a mail.
                        _ => continue,
                    };
                    write.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
                }
                Some(())
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_tried_up_to_signing_in_and_sent_only_when_asked_for() {
    let app = TestApp::start().await;
    let port = mail_server().await;
    let with = async |url: String, args: &[&str]| {
        let mut command = command(&app.settings, app.folder.path(), args);
        command.env("PARCHMENT_MAIL", url);
        said(command).await
    };
    let good = format!("smtp://me:right@127.0.0.1:{port}");
    let told = with(good.clone(), &["doctor", "--json"]).await;
    assert_finding(&told, "mail", "ok", "signed in");
    assert!(!told.out.contains("mail_sent"));
    let told = with(format!("smtp://me:sesame@127.0.0.1:{port}"), &["doctor", "--json"]).await;
    assert_finding(&told, "mail", "fail", "wrong password");
    assert!(!told.out.contains("sesame") && !told.err.contains("sesame"), "{told:?}");
    let told = with(format!("smtp://127.0.0.1:{}", free_port()), &["doctor", "--json"]).await;
    assert_finding(&told, "mail", "fail", "refused");
    told.failed("1 check failed");
    assert_finding(
        &with("console".to_owned(), &["doctor", "--json"]).await,
        "mail",
        "warn",
        "go to the log",
    );

    let args = ["doctor", "--json", "--mail-to", "me@mail.example"];
    assert_finding(&with(good.clone(), &args).await, "mail_sent", "ok", "me@mail.example");
    let args = ["doctor", "--json", "--mail-to", "refused@mail.example"];
    assert_finding(&with(good.clone(), &args).await, "mail_sent", "fail", "nobody here");
    let args = ["doctor", "--json", "--mail-to", "no address"];
    assert_finding(&with(good, &args).await, "mail_sent", "fail", "was not sent");
    let args = ["doctor", "--json", "--mail-to", "me@mail.example"];
    let folder = app.folder.path().join("outbox");
    with(format!("file:{}", folder.display()), &args).await.done();
    let mails: Vec<_> = crate::names(&folder)
        .into_iter()
        .filter(|name| name.ends_with(".eml"))
        .collect();
    assert_eq!(mails.len(), 1);
}
