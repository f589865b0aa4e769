//! Statements 15 to 18 and 20, end to end: which servers are asked, and what their answers may cost.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use parchment_core::{
    envelope::{Kind, SignedMessage},
    handle::{Handle, ServerId},
    manifest::MANIFEST_PATH,
    request::{ServerIdentity, header},
};
use parchment_server::federation::guard::Reach;

use super::world::{Controlled, SHORT, rows};
use crate::support::{
    app::{TestApp, random},
    peer::{Page, Peer, PeerUser, RawInbox},
};

/// A listener that counts who comes.
struct Trap {
    port: u16,
    connections: std::sync::Arc<AtomicUsize>,
}

impl Trap {
    async fn set() -> Self {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = std::sync::Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// A server that claims to be at `host`, on the port of the trap.
    fn claimed(&self, host: &str) -> ServerIdentity {
        let id = ServerId::parse(&format!("{host}:{}", self.port)).unwrap();
        ServerIdentity::new(id, &random())
    }
}

/// What a user of a server that need not exist says, in a request of that server.
fn request(server: &ServerIdentity, to: &Handle) -> RawInbox {
    let message = said(server, to);
    let now = message.message().timestamp().clone();
    let nonce = parchment_core::nonce::Nonce::from_bytes(random());
    RawInbox::from(&server.inbox_request(&to.server(), &message, nonce, now))
}

fn said(server: &ServerIdentity, to: &Handle) -> SignedMessage {
    let user = PeerUser {
        handle: Handle::parse(&format!("alice@{}", server.id())).unwrap(),
        key: parchment_core::keys::SigningKey::from_seed(&random()),
    };
    user.say(Kind::FriendInvite, to)
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_a_public_name_that_leads_to_this_machine_or_its_network_is_not_contacted() {
    let trap = Trap::set().await;
    for address in [
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        for reach in [Reach::Global, Reach::GlobalOrLoopback] {
            if reach == Reach::GlobalOrLoopback && ["127.0.0.1", "::1"].contains(&address) {
                continue; // what the switch is for
            }
            let app = Controlled::start(reach, vec![address.parse().unwrap()]).await;
            let server = trap.claimed("home.example");
            let answer = app.send(&request(&server, &app.handle("bob"))).await;
            answer.clone().expect_code(503, "peer_unreachable");
            assert!(
                !answer.text.contains(address),
                "the answer tells the address: {}",
                answer.text
            );
            assert_eq!(rows(&app.app.store).await.peers, 0);
        }
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_loopback_servers_are_refused_by_name_without_the_switch() {
    let app = TestApp::start_with(|_| {}).await;
    let bob = app.person("bob").await;
    let trap = Trap::set().await;
    for host in ["localhost", "LocalHost", "bob.localhost", "127.0.0.1", "127.255.0.9"] {
        let answer = request(&trap.claimed(host), bob.handle()).send(&app).await;
        answer.expect_code(401, "loopback_refused");
    }
    assert_eq!(trap.connections(), 0);

    // Outwards, too: what a client asks for is not fetched, and nothing is sent.
    for host in ["localhost", "bob.localhost", "127.0.0.1"] {
        let handle = Handle::parse(&format!("alice@{host}:{}", trap.port)).unwrap();
        let answer = bob.get(&format!("/friends/resolve/{handle}")).await;
        assert!((400..=502).contains(&answer.status), "{}", answer.text);
        let answer = bob.invite(&handle).await;
        assert!((400..=502).contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_no_spelling_of_an_address_is_a_server() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let trap = Trap::set().await;
    let good = request(&trap.claimed("home.example"), bob.handle());
    let spellings = "0x7f000001 0x7f.0.0.1 0177.0.0.1 017700000001 2130706433 127.1 127.0.1 127.0.0.1. 0 0.0.0.0
        10.0.0.1 192.168.0.1 169.254.169.254 [::1] [::ffff:127.0.0.1] [::] ::1 127.0.0.1%00 localhost. 0x0 1.1.1.1";
    for host in spellings.split_whitespace() {
        let id = format!("{host}:{}", trap.port);
        let answer = good.clone().with(header::SERVER_ID, Some(&id)).send(&app).await;
        answer.expect_code(401, "malformed_header");
        let path = format!("/friends/resolve/alice%40{}", id.replace('%', "%25"));
        let answer = bob.get(&path).await;
        assert!((400..500).contains(&answer.status), "{id}: {}", answer.text);
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_one_private_address_among_public_ones_keeps_the_server_from_asking() {
    let trap = Trap::set().await;
    let server = trap.claimed("home.example");
    for dns in [
        ["1.1.1.1", "127.0.0.1"],
        ["127.0.0.1", "1.1.1.1"],
        ["2606:4700::1111", "fd00::1"],
    ] {
        let app = Controlled::start(Reach::Global, dns.iter().map(|ip| ip.parse().unwrap()).collect()).await;
        let answer = app.send(&request(&server, &app.handle("bob"))).await;
        answer.expect_code(503, "peer_unreachable");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_peer_that_redirects_is_not_followed() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let elsewhere = Peer::start().await;
    for status in [301, 302, 303, 307, 308] {
        let home = Peer::start().await;
        let target = format!("http://{}{MANIFEST_PATH}", elsewhere.id());
        home.set(
            MANIFEST_PATH,
            Page::Raw(
                status,
                vec![("location", target), ("content-type", "application/json".to_owned())],
                vec![],
            ),
        );
        let said = home.user("alice").say(Kind::FriendInvite, bob.handle());
        home.deliver(&app, &said).await.expect_code(503, "peer_unreachable");
    }
    assert_eq!(elsewhere.all_hits(), 0);
    assert_eq!(rows(&app.app().store).await.peers, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_server_id_with_more_than_host_and_port_is_refused() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let good = home.request(&app.id, &home.user("alice").say(Kind::FriendInvite, bob.handle()));
    let id = home.id();
    for odd in [
        format!("user@{id}"),
        format!("user:pw@{id}"),
        format!("{id}/"),
        format!("{id}/x"),
        format!("{id}?x"),
        format!("{id}#x"),
        format!("http://{id}"),
        format!("//{id}"),
        format!("{id}\\@evil.example"),
        "localhost:080".to_owned(),
        "localhost:0".to_owned(),
    ] {
        let answer = good.clone().with(header::SERVER_ID, Some(&odd)).send(&app).await;
        answer.expect_code(401, "malformed_header");
    }
    assert_eq!(home.all_hits(), 0);
    good.send(&app).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn s20_a_peer_that_answers_too_much_too_late_or_oddly_costs_its_own_request_and_nobody_elses() {
    let app = Controlled::start(Reach::GlobalOrLoopback, vec![]).await;
    let json = || vec![("content-type", "application/json".to_owned())];
    let padded = |manifest: String, length: usize| format!("{manifest}{}", " ".repeat(length)).into_bytes();
    let good = Peer::start().await;
    let (alice, bob) = (good.user("alice"), app.handle("bob"));

    type Spoil = Box<dyn Fn(&Peer) -> Page>;
    let spoils: Vec<(&str, u16, Spoil)> = vec![
        (
            "oversized",
            503,
            Box::new(move |home| Page::Raw(200, json(), padded(home.manifest().to_string(), 65_536))),
        ),
        ("hanging", 503, Box::new(|_| Page::Hang)),
        (
            "slow",
            503,
            Box::new(|home| Page::After(10 * SHORT.get, Box::new(Page::Json(home.manifest())))),
        ),
        (
            "untyped",
            503,
            Box::new(|home| Page::Raw(200, vec![], home.manifest().to_string().into_bytes())),
        ),
        (
            "compressed",
            503,
            Box::new(move |home| {
                let headers = [json(), vec![("content-encoding", "gzip".to_owned())]].concat();
                Page::Raw(200, headers, home.manifest().to_string().into_bytes())
            }),
        ),
        (
            "deep",
            401,
            Box::new(move |_| Page::Raw(200, json(), "[".repeat(60_000).into_bytes())),
        ),
        ("failing", 503, Box::new(|_| Page::Raw(500, vec![], vec![]))),
        ("without manifest", 401, Box::new(|_| Page::Raw(404, vec![], vec![]))),
    ];
    for (what, status, spoil) in spoils {
        let home = Peer::start().await;
        home.set(MANIFEST_PATH, spoil(&home));
        let bad = home.request(&app.id, &home.user("alice").say(Kind::RelationshipRevoke, &bob));
        let well = good.request(&app.id, &alice.say(Kind::RelationshipRevoke, &bob));
        let started = Instant::now();
        let (bad, well) = tokio::join!(app.send(&bad), async {
            let answer = app.send(&well).await;
            (answer, started.elapsed())
        });
        assert_eq!(bad.status, status, "{what}: {}", bad.text);
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{what} took {:?}",
            started.elapsed()
        );
        assert_eq!(well.0.status, 202, "{what}: {}", well.0.text);
        assert!(well.1 < SHORT.get, "{what}: others waited {:?}", well.1);
        assert_eq!(home.manifest_hits(), 1, "{what}");
    }
    assert_eq!(rows(&app.app.store).await.peers, 1);
}
