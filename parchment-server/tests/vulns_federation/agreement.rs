//! Statement 46: path, headers and body agree about whom a message is from and for, or it is refused.

use parchment_core::{
    envelope::Kind,
    handle::Handle,
    nonce::Nonce,
    request::{INBOX_PATH, header},
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::world::{invitations_of, rows};
use crate::support::{
    app::{TestApp, random},
    peer::{Peer, RawInbox},
};

/// Sends a request with this target and these headers on top, byte for byte; gives the status.
async fn send_raw(app: &TestApp, target: &str, more: &[(&str, &str)], request: &RawInbox) -> u16 {
    let mut head = format!("POST {target} HTTP/1.1\r\nconnection: close\r\n");
    let own = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in more.iter().copied().chain(own) {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", request.body.len());
    let mut stream = TcpStream::connect(app.settings.listen).await.unwrap();
    stream
        .write_all(&[head.as_bytes(), &request.body].concat())
        .await
        .unwrap();
    let mut answered = String::new();
    stream.read_to_string(&mut answered).await.unwrap();
    answered
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("{answered}"))
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s46_the_sender_in_the_headers_and_in_the_body_are_on_one_server() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, mallory) = (Peer::start().await, Peer::start().await);
    let said = home.user("alice").say(Kind::FriendInvite, bob.handle());
    let before = rows(&app.app().store).await;
    mallory.deliver(&app, &said).await.expect_code(401, "origin_mismatch");
    let renamed = home
        .request(&app.id, &said)
        .with(header::SERVER_ID, Some(mallory.id().as_str()));
    renamed.send(&app).await.expect_code(401, "origin_mismatch");
    // Two names in the headers, of which one is right.
    for name in [mallory.id(), home.id()] {
        let mut two = home.request(&app.id, &said);
        two.headers.push((header::SERVER_ID.to_owned(), name.to_string()));
        two.send(&app).await.expect_code(401, "malformed_header");
        two.headers.rotate_right(1);
        two.send(&app).await.expect_code(401, "malformed_header");
    }
    assert_eq!(rows(&app.app().store).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s46_a_message_for_another_server_is_refused_whatever_host_and_target_say() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let elsewhere = Handle::parse("bob@other.example").unwrap();
    let before = rows(&app.app().store).await;
    let said = alice.say(Kind::FriendInvite, &elsewhere);
    home.deliver(&app, &said).await.expect_code(400, "wrong_server");
    let (here, there) = (app.id.to_string(), "other.example");
    for (target, host) in [
        (INBOX_PATH.to_owned(), there),
        (INBOX_PATH.to_owned(), here.as_str()),
        (format!("http://{there}{INBOX_PATH}"), there),
        (format!("http://{here}{INBOX_PATH}"), here.as_str()),
    ] {
        let more = [
            ("host", host),
            ("x-forwarded-host", there),
            ("x-original-url", INBOX_PATH),
        ];
        // For there, and carried to here in a request that is for here, and in one that is for there.
        let carried = send_raw(&app, &target, &more, &home.request(&app.id, &said)).await;
        assert_eq!(carried, 400, "{target} {host}");
        let misled = home.request(&elsewhere.server(), &alice.say(Kind::FriendInvite, bob.handle()));
        let misled = send_raw(&app, &target, &more, &misled).await;
        assert_eq!(misled, 401, "{target} {host}");
    }
    assert_eq!(rows(&app.app().store).await.invitations, before.invitations);
}

#[tokio::test(flavor = "multi_thread")]
async fn s46_host_and_authority_decide_nothing_about_a_message_for_this_server() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    for (n, (authority, host)) in [
        ("", "other.example"),
        ("http://other.example", "third.example"),
        ("", "[::1]:1"),
    ]
    .into_iter()
    .enumerate()
    {
        let alice = home.user(&format!("alice_{n}"));
        let request = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
        let status = send_raw(&app, &format!("{authority}{INBOX_PATH}"), &[("host", host)], &request).await;
        assert_eq!(
            (status, invitations_of(&app.app().store, &alice.handle).await),
            (202, 1),
            "{authority} {host}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s46_no_other_spelling_of_the_path_leads_to_the_inbox() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let said = alice.say(Kind::FriendInvite, bob.handle());
    for path in [
        "/federation/inbox/",
        "/federation//inbox",
        "//federation/inbox",
        "/federation/./inbox",
        "/federation/../federation/inbox",
        "/federation/%69nbox",
        "/federation%2Finbox",
        "/federation/inbox%20",
        "/federation/inbox%00",
        "/federation/inbox;x=1",
        "/federation/inbox/bob",
        "/federation/INBOX",
        "/FEDERATION/inbox",
        "/federation\\inbox",
        "/inbox",
        "/users/bob/inbox",
    ] {
        for target in [path.to_owned(), format!("http://{}{path}", app.id)] {
            let status = send_raw(
                &app,
                &target,
                &[("host", app.id.as_str())],
                &home.request(&app.id, &said),
            )
            .await;
            assert!((400..500).contains(&status), "{target}: {status}");
        }
        // Signed for exactly that path, it is still not the one that inboxes have.
        let now = Timestamp::from_instant(SystemClock.now());
        let nonce = Nonce::from_bytes(random());
        let mut request = home.request(&app.id, &said);
        let signature = home.identity.sign(&parchment_core::request::Wrapper {
            method: "POST",
            path,
            body_hash: parchment_core::nonce::Digest::of(&request.body),
            nonce,
            timestamp: &now,
            peer: &app.id,
            sender: home.id(),
        });
        for (name, value) in [
            (header::NONCE, nonce.to_base64()),
            (header::TIMESTAMP, now.to_string()),
            (header::SIGNATURE, signature.to_base64()),
        ] {
            request = request.with(name, Some(&value));
        }
        let status = send_raw(&app, path, &[("host", app.id.as_str())], &request).await;
        assert!((400..500).contains(&status), "{path}, signed: {status}");
    }
    assert_eq!(invitations_of(&app.app().store, &alice.handle).await, 0);
    home.deliver(&app, &said).await.expect(202);
}
