//! Statement 50: whole stories at the finest level of every library, and no secret of theirs in log or metrics.

use parchment_core::{encoding, envelope::Kind};
use parchment_server::store::{Store, StoreError};
use reqwest::Method;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use super::process::{Program, Somebody, hex};
use crate::support::{
    app::{answer, random},
    rows,
};

/// Panics when a text that others than the program's own memory get to see shows a secret.
fn assert_hidden(what: &str, text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(secret.len() >= 8, "{secret} could be there by chance");
        if let Some(line) = text.lines().find(|line| line.contains(secret.as_str())) {
            panic!("{what}: {secret} in {line}");
        }
        // As it stands in a URL.
        let encoded = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert!(!text.contains(&encoded), "{what}: {encoded}");
    }
}

fn seed_secrets(seed: &[u8]) -> Vec<String> {
    vec![
        encoding::encode(seed),
        hex(seed),
        format!("{seed:?}").trim_matches(['[', ']']).to_owned(),
    ]
}

/// What goes wrong on one server, with secrets in hand; gives those that came on top.
async fn misfortunes(program: &Program, alice: &Somebody<'_>) -> Vec<String> {
    let email = "carol@mail.example";
    let code = program.code_for(email).await;
    let wrong = format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000);
    let sign_in = |code: &str| Some(json!({ "method": "otp", "email": email, "token": code }));
    for (path, body, status) in [
        ("/auth/sessions", sign_in(&wrong), 401),
        (
            "/auth/sessions",
            Some(json!({ "method": "otp", "email": email, "token": [code] })),
            422,
        ),
        (
            "/auth/sessions",
            Some(json!({ "method": "otp", "email": email, "code": code })),
            422,
        ),
        (
            "/auth/sessions",
            Some(json!({ "method": "passkey", "email": email, "token": code })),
            401,
        ),
    ] {
        program.call(Method::POST, path, None, body).await.expect(status);
    }
    let broken = program
        .http
        .post(program.url("/auth/sessions"))
        .header("content-type", "application/json");
    answer(broken.body(format!("{{\"token\":\"{code}\""))).await.expect(400);

    // The database refuses the session in the last moment: 500, with code and token in hand.
    let store = Store::open(&program.url).await.unwrap();
    let change = async |statement: &str| {
        let done = store.write(async |tx| tx.execute_unprepared(statement).await.map_err(StoreError::from));
        done.await.unwrap();
    };
    change(&rows::failing("sessions", "NEW.created_at > 0")).await;
    program
        .call(Method::POST, "/auth/sessions", None, sign_in(&code))
        .await
        .expect(500);
    change(&rows::working("sessions")).await;
    store.close().await;

    // Tokens where they do not belong, and tokens that are none.
    let stray = hex(&random::<32>());
    program
        .call(Method::GET, "/friends", Some(&stray), None)
        .await
        .expect(401);
    let cookie = program
        .http
        .get(program.url("/friends"))
        .header("cookie", format!("auth_session={stray}"));
    answer(cookie).await.expect(401);
    alice
        .call(Method::DELETE, &format!("/auth/sessions/{}", alice.token), None)
        .await
        .expect(404);
    alice
        .call(
            Method::GET,
            &format!("/no/such/path/{}?token={}", alice.token, alice.token),
            None,
        )
        .await
        .expect(404);
    alice
        .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": alice.token })))
        .await;
    let with_cookie = program.http.get(program.url("/auth/sessions/current"));
    let with_cookie = with_cookie.header("cookie", format!("auth_session={}", alice.token));
    answer(with_cookie).await.expect(200);
    vec![code, wrong, stray]
}

#[tokio::test(flavor = "multi_thread")]
async fn s50_a_whole_story_at_trace_leaves_no_secret_in_log_or_metrics() {
    let seed = random::<32>();
    let here = Program::start("json", &[("SERVER_IDENTITY_PRIVATE_KEY", &encoding::encode(&seed))]).await;
    let there = Program::start("pretty", &[]).await;
    let (mut alice, mut bob) = (Somebody::new(&here, "alice").await, Somebody::new(&there, "bob").await);
    let (a, b) = (alice.handle.clone(), bob.handle.clone());

    // Friends across two servers, twice: one end is in the query, the other in the body.
    for in_query in [true, false] {
        let [signature, nonce, timestamp] = alice.sign(Kind::FriendInvite, &b);
        let envelope = json!({ "handle": b.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
        alice
            .call(Method::POST, "/friends/invite", Some(envelope))
            .await
            .expect(200);
        let listed = bob
            .call(Method::GET, "/friends/invitations?direction=incoming", None)
            .await
            .expect(200);
        let id = listed.body["invitations"][0]["id"].as_str().unwrap().to_owned();
        let [signature, nonce, timestamp] = bob.sign(Kind::FriendAccept, &a);
        let envelope = json!({ "signature": signature, "nonce": nonce, "timestamp": timestamp });
        bob.call(
            Method::POST,
            &format!("/friends/invitations/{id}/accept"),
            Some(envelope),
        )
        .await
        .expect(200);
        let [signature, nonce, timestamp] = alice.sign(Kind::RelationshipRevoke, &b);
        let names = ["revoke_signature", "revoke_nonce", "revoke_timestamp"];
        let values = [&signature, &nonce, &timestamp];
        let ended = if in_query {
            let url = here.url(&format!("/friends/{b}"));
            let query: Vec<_> = names.into_iter().zip(values).collect();
            let url = url::Url::parse_with_params(&url, query).unwrap();
            answer(here.http.delete(url).bearer_auth(&alice.token)).await
        } else {
            let body = json!({ names[0]: values[0], names[1]: values[1], names[2]: values[2] });
            alice.call(Method::DELETE, &format!("/friends/{b}"), Some(body)).await
        };
        ended.expect(200);
    }
    // A reset with something to flush, under new keys.
    let [signature, nonce, timestamp] = alice.sign(Kind::FriendInvite, &b);
    let envelope = json!({ "handle": b.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
    alice
        .call(Method::POST, "/friends/invite", Some(envelope))
        .await
        .expect(200);
    alice
        .call(
            Method::POST,
            "/users/me/identity/reset",
            Some(json!({ "confirm": "erase-all-my-data" })),
        )
        .await
        .expect(200);
    let next = random::<32>();
    alice.key = parchment_core::keys::SigningKey::from_seed(&next);
    alice.secrets.extend(seed_secrets(&next));
    alice.register_keys().await;
    let [signature, nonce, timestamp] = alice.sign(Kind::RelationshipRevoke, &b);
    let item = json!({ "peerHandle": b.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
    alice
        .call(
            Method::POST,
            "/users/me/revocations/flush",
            Some(json!({ "items": [item] })),
        )
        .await
        .expect(200);
    // A server that is not there.
    let nobody = parchment_core::handle::Handle::parse("nobody@localhost:1").unwrap();
    let [signature, nonce, timestamp] = alice.sign(Kind::FriendInvite, &nobody);
    let envelope = json!({ "handle": nobody.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
    let unreachable = alice.call(Method::POST, "/friends/invite", Some(envelope)).await;
    assert!(unreachable.status >= 500, "{}", unreachable.text);

    let mut secrets = [
        seed_secrets(&seed),
        misfortunes(&here, &alice).await,
        misfortunes(&there, &bob).await,
    ]
    .concat();
    let file = std::fs::read_to_string(there.path("server-identity.key")).unwrap();
    secrets.extend(seed_secrets(&encoding::decode(file.trim()).unwrap()));
    bob.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    secrets.extend(alice.secrets.iter().chain(&bob.secrets).cloned());

    let pages = [here.metrics().await, there.metrics().await];
    drop((alice, bob));
    let logs = [here.end(), there.end()];
    for text in pages.iter().chain(&logs) {
        assert_hidden("log or metrics", text, &secrets);
    }
    // They told the story all the same, down to our own finest level and not to that of libraries.
    for (log, told) in [
        (&logs[0], "/friends/invite"),
        (&logs[1], "/friends/invitations/{id}/accept"),
    ] {
        for word in [
            told,
            "/auth/sessions/{sessionId}",
            "answered",
            "an internal failure",
            "a message was sent",
        ] {
            assert!(log.contains(word), "{word}: {log}");
        }
    }
    for (page, path) in pages.iter().zip(["/friends/{handle}", "/federation/inbox"]) {
        assert!(page.contains(&format!("path=\"{path}\"")), "{page}");
    }
    for line in logs[0].lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let (level, target) = (line["level"].as_str().unwrap(), line["target"].as_str().unwrap());
        assert!(
            !["TRACE", "DEBUG"].contains(&level) || target.starts_with("parchment_"),
            "{line}"
        );
    }
}

/// A mail server that wants a login, refuses it and repeats in its answer what it was sent.
async fn refusing_mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await {
                    let reply = match line.split(' ').next() {
                        Some("EHLO") => "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
                        _ => format!("535 5.7.8 not accepted: {line}\r\n"),
                    };
                    if write.write_all(reply.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn s50_mail_that_fails_tells_neither_password_nor_code() {
    let port = refusing_mail_server().await;
    let url = format!("smtp://alice:hunter2%3Aand%40more@127.0.0.1:{port}");
    let program = Program::start("json", &[("PARCHMENT_MAIL", &url)]).await;
    program
        .call(
            Method::POST,
            "/auth/verify",
            None,
            Some(json!({ "email": "alice@mail.example" })),
        )
        .await
        .expect(201);
    for _ in 0..1000 {
        if program.log().contains("a mail could not be sent") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let page = program.metrics().await;
    let log = program.end();
    let password = "hunter2:and@more";
    let secrets = [
        password.to_owned(),
        "hunter2%3Aand%40more".to_owned(),
        encoding::encode(password.as_bytes()),
        encoding::encode(format!("\0alice\0{password}").as_bytes()),
    ];
    assert_hidden("log", &log, &secrets);
    assert_hidden("metrics", &page, &secrets);
    // The reason is told but for that.
    assert!(
        log.contains("a mail could not be sent") && log.contains("5.7.8"),
        "{log}"
    );
    assert!(page.contains("parchment_mails_total{outcome=\"failed\"} 1"), "{page}");
    let eight_digits = log
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| digits.len() == 8);
    assert_eq!(eight_digits.count(), 0, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s50_codes_are_logged_where_the_operator_has_mail_go_to_the_console_and_nothing_else_is() {
    let program = Program::start("pretty", &[("PARCHMENT_MAIL", "console")]).await;
    let email = "alice@mail.example";
    program
        .call(Method::POST, "/auth/verify", None, Some(json!({ "email": email })))
        .await
        .expect(201);
    let log = program.log();
    let line = log
        .lines()
        .find(|line| line.contains("here is the sign-in code"))
        .expect(&log);
    let code = line.rsplit(' ').next().unwrap();
    let body = json!({ "method": "otp", "email": email, "token": code });
    let signed_in = program
        .call(Method::POST, "/auth/sessions", None, Some(body))
        .await
        .expect(201);
    let token = signed_in.body["token"].as_str().unwrap().to_owned();
    program
        .call(Method::GET, "/auth/sessions/current", Some(&token), None)
        .await
        .expect(200);
    let log = program.end();
    assert_eq!(log.matches(code).count(), 1, "{log}");
    assert_hidden("log", &log, &[token]);
}
