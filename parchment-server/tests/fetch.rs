//! Requests to other servers, against real listeners on the loopback interface.
//!
//! Names are resolved by a script of each test, so that no test depends on DNS or leaves the
//! machine. `vulns` has the numbered statements of the security page.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::VecDeque,
    future::Future,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parchment_core::handle::ServerId;
use parchment_server::federation::{
    fetch::{FetchError, Fetched, Fetcher, Limits},
    guard::{GuardedResolver, Lookup, Reach, is_global},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const PATH: &str = "/.well-known/parchment-server";

const SHORT: Limits = Limits {
    connect: Duration::from_millis(200),
    get: Duration::from_millis(400),
    post: Duration::from_millis(400),
    body: 64 * 1024,
};

/// Time for a test to notice that a limit of `SHORT` does not work, on a busy machine too.
const SOON: Duration = Duration::from_secs(5);

/// Another server: counts connections, remembers requests, says what it is told to.
struct Peer {
    port: u16,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// Reads a request from each connection, then leaves the rest to `answer`.
    async fn with<F>(answer: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            heard: Arc::default(),
        };
        let (connections, heard, answer) = (peer.connections.clone(), peer.heard.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (heard, answer) = (heard.clone(), answer.clone());
                tokio::spawn(async move {
                    let request = read_request(&mut stream).await;
                    heard.lock().unwrap().push(request);
                    answer(stream).await
                });
            }
        });
        peer
    }

    /// Gives each connection the same answer and closes it.
    async fn answering(answer: impl AsRef<[u8]>) -> Self {
        let answer: Arc<[u8]> = answer.as_ref().into();
        Self::with(move |mut stream| {
            let answer = answer.clone();
            async move {
                stream.write_all(&answer).await?;
                stream.shutdown().await
            }
        })
        .await
    }

    fn id(&self) -> ServerId {
        self.called("127.0.0.1")
    }

    fn called(&self, name: &str) -> ServerId {
        ServerId::parse(&format!("{name}:{}", self.port)).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn heard(&self) -> String {
        self.heard.lock().unwrap().concat()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).await.unwrap_or(0);
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // A TLS hello has no end that this reader knows of; its first bytes will do.
        let is_tls = bytes.first() == Some(&22);
        if count == 0 || is_tls || text.contains("\r\n\r\n") && (text.starts_with("GET") || text.ends_with('}')) {
            return text;
        }
    }
}

/// DNS, as a test writes it: one answer after the other, the last one for ever.
struct Script {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Script {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(parse).collect()),
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Lookup for Script {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = answers.front().cloned().ok_or(io::ErrorKind::NotFound)?;
        if answers.len() > 1 {
            answers.pop_front();
        }
        Ok(answer)
    }
}

fn fetcher(reach: Reach, lookup: Arc<Script>) -> Fetcher {
    Fetcher::with(reach, SHORT, lookup).unwrap()
}

/// For peers on loopback addresses, which are not looked up.
fn developer() -> Fetcher {
    fetcher(Reach::GlobalOrLoopback, Script::new(&[]))
}

/// The same with time enough, however busy the machine is, that only a limit of size can be what cuts an answer off.
fn patient() -> Fetcher {
    let limits = Limits {
        connect: Duration::from_secs(10),
        get: Duration::from_secs(60),
        post: Duration::from_secs(60),
        ..SHORT
    };
    Fetcher::with(Reach::GlobalOrLoopback, limits, Script::new(&[])).unwrap()
}

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n{body}")
}

fn is_refused<T>(result: &Result<T, FetchError>) -> bool {
    matches!(result, Err(FetchError::Refused { .. }))
}

#[tokio::test]
async fn a_document_is_fetched_and_the_request_says_only_what_it_must() {
    let peer = Peer::answering(ok("Content-Length: 2\r\n", "{}")).await;
    let fetched = developer().get(&peer.id(), PATH).await.unwrap();
    assert_eq!((fetched.status, &fetched.body[..]), (200, &b"{}"[..]));

    let mut lines: Vec<_> = peer.heard().lines().map(str::to_lowercase).collect();
    lines.retain(|line| !line.is_empty());
    lines[1..].sort();
    assert_eq!(
        lines,
        [
            format!("get {PATH} http/1.1"),
            "accept-encoding: identity".to_owned(),
            "accept: application/json".to_owned(),
            format!("host: 127.0.0.1:{}", peer.port),
            concat!("user-agent: parchment/", env!("CARGO_PKG_VERSION")).to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_message_is_posted_with_its_headers() {
    let peer = Peer::answering("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
    let headers = [("X-Parchment-Nonce", "abc".to_owned())];
    let fetched = developer()
        .post(&peer.id(), "/inbox", &headers, r#"{"a":1}"#.to_owned())
        .await;
    assert_eq!(fetched.unwrap().status, 202);

    let heard = peer.heard().to_lowercase();
    assert!(heard.starts_with("post /inbox http/1.1\r\n"), "{heard}");
    assert!(heard.contains("\r\nx-parchment-nonce: abc\r\n"), "{heard}");
    assert!(heard.contains("\r\ncontent-type: application/json\r\n"), "{heard}");
    assert!(heard.ends_with("\r\n\r\n{\"a\":1}"), "{heard}");
}

#[tokio::test]
async fn a_header_that_would_become_two_is_not_sent() {
    let peer = Peer::answering(ok("", "{}")).await;
    let headers = [("X-Parchment-Nonce", "a\r\nX-Evil: b".to_owned())];
    let result = developer().post(&peer.id(), "/inbox", &headers, "{}".to_owned()).await;
    assert_eq!(result, Err(FetchError::Unsendable));
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn a_status_passes_through_with_its_body_whatever_its_type() {
    for status in [201, 400, 401, 404, 409, 429, 500, 503] {
        let peer = Peer::answering(format!(
            "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno"
        ))
        .await;
        let expected = Ok(Fetched {
            status,
            body: b"no".to_vec(),
        });
        assert_eq!(developer().get(&peer.id(), PATH).await, expected);
        assert_eq!(developer().post(&peer.id(), PATH, &[], "{}".to_owned()).await, expected);
    }
}

#[tokio::test]
async fn nobody_listening_and_no_such_name_are_unreachable() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = ServerId::parse(&free.to_string()).unwrap();
    assert_eq!(developer().get(&server, PATH).await, Err(FetchError::Unreachable));
    let server = ServerId::parse("nowhere.example").unwrap();
    assert_eq!(developer().get(&server, PATH).await, Err(FetchError::Unreachable));
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_not_http_is_an_error() {
    for answer in [
        "",
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let peer = Peer::answering(answer).await;
        assert_eq!(
            developer().get(&peer.id(), PATH).await,
            Err(FetchError::Broken),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn localhost_is_reached_by_a_developer_over_http_without_a_look_up() {
    let dns = Script::new(&[&["10.0.0.1"]]);
    for name in ["localhost", "LocalHost", "bob.localhost"] {
        let peer = Peer::answering(ok("Content-Length: 2\r\n", "{}")).await;
        let result = fetcher(Reach::GlobalOrLoopback, dns.clone())
            .get(&peer.called(name), PATH)
            .await;
        assert_eq!(result.map(|fetched| fetched.status), Ok(200), "{name}");
    }
    assert_eq!(dns.asked(), 0);
}

#[tokio::test]
async fn a_name_is_only_ever_spoken_to_over_tls() {
    let peer = Peer::answering("").await;
    let dns = Script::new(&[&["127.0.0.1"]]);
    let result = fetcher(Reach::GlobalOrLoopback, dns)
        .get(&peer.called("home.example"), PATH)
        .await;
    assert_eq!(result, Err(FetchError::Unreachable));
    assert!(
        peer.heard().starts_with('\u{16}'),
        "not a TLS handshake: {:?}",
        peer.heard()
    );
    assert!(peer.heard().contains("home.example"), "no server name");
}

#[tokio::test]
async fn a_kept_connection_needs_no_second_look_up() {
    let peer = Peer::with(|mut stream| async move {
        loop {
            stream.write_all(ok("Content-Length: 2\r\n", "{}").as_bytes()).await?;
            read_request(&mut stream).await;
        }
    })
    .await;
    let fetcher = developer();
    for _ in 0..3 {
        fetcher.get(&peer.id(), PATH).await.unwrap();
    }
    assert_eq!(peer.connections(), 1);
}

mod vulns {
    use super::*;

    /// The blocks of statement 16, and those that are special beyond it.
    const NOT_GLOBAL: &[(&str, u32)] = &[
        ("0.0.0.0", 8),
        ("10.0.0.0", 8),
        ("100.64.0.0", 10),
        ("127.0.0.0", 8),
        ("169.254.0.0", 16),
        ("172.16.0.0", 12),
        ("192.0.0.0", 24),
        ("192.0.2.0", 24),
        ("192.88.99.0", 24),
        ("192.168.0.0", 16),
        ("198.18.0.0", 15),
        ("198.51.100.0", 24),
        ("203.0.113.0", 24),
        ("224.0.0.0", 4),
        ("240.0.0.0", 4),
        ("255.255.255.255", 32),
        ("::", 128),
        ("::1", 128),
        ("::", 96),
        ("::", 8),
        ("::ffff:0:0", 96),
        ("64:ff9b::", 96),
        ("64:ff9b:1::", 48),
        ("100::", 64),
        ("2001::", 32),
        ("2001::", 23),
        ("2001:db8::", 32),
        ("2002::", 16),
        ("3fff::", 20),
        ("4000::", 3),
        ("5f00::", 16),
        ("fc00::", 7),
        ("fe80::", 10),
        ("fec0::", 10),
        ("ff00::", 8),
    ];

    /// Addresses right before and after those blocks, and a few that everybody knows.
    const ARE_GLOBAL: &str = "
        1.0.0.0  9.255.255.255  11.0.0.0  100.63.255.255  100.128.0.0  126.255.255.255  128.0.0.0
        169.253.255.255  169.255.0.0  172.15.255.255  172.32.0.0  191.255.255.255  192.0.1.0  192.0.1.255  192.0.3.0
        192.88.98.255  192.88.100.0  192.167.255.255  192.169.0.0  198.17.255.255  198.20.0.0
        198.51.99.255  198.51.101.0  203.0.112.255  203.0.114.0  223.255.255.255  1.1.1.1  8.8.8.8
        2000::  2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff  2001:200::  2001:db7:ffff:ffff:ffff:ffff:ffff:ffff
        2001:db9::  2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff  2003::  3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff
        3fff:1000::  3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff  2606:4700::1111  2a00:1450::1";

    /// The first address of a block, one in its middle, and the last.
    fn samples(block: &str, bits: u32) -> [IpAddr; 3] {
        match block.parse().unwrap() {
            IpAddr::V4(ip) => {
                let size = u32::MAX.checked_shr(bits).unwrap_or(0);
                [0, size / 2, size].map(|offset| IpAddr::V4((ip.to_bits() + offset).into()))
            }
            IpAddr::V6(ip) => {
                let size = u128::MAX.checked_shr(bits).unwrap_or(0);
                [0, size / 2, size].map(|offset| IpAddr::V6((ip.to_bits() + offset).into()))
            }
        }
    }

    #[tokio::test]
    async fn s15_no_connection_is_opened_to_an_address_that_is_not_global() {
        let peer = Peer::answering(ok("", "{}")).await;
        let private = "127.0.0.1 127.1.2.3 0.0.0.0 ::1 :: ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1
            10.0.0.1 169.254.169.254 fd00::1 fe80::1";
        for answer in private.split_whitespace() {
            for name in ["home.example", "internal", "0x7f000001.example"] {
                let dns = Script::new(&[&[answer]]);
                let fetcher = fetcher(Reach::Global, dns.clone());
                let got = fetcher.get(&peer.called(name), PATH).await;
                assert!(is_refused(&got), "{name} at {answer}: {got:?}");
                let posted = fetcher.post(&peer.called(name), PATH, &[], "{}".to_owned()).await;
                assert!(is_refused(&posted), "{name} at {answer}: {posted:?}");
                assert_eq!(dns.asked(), 2);
            }
        }
        assert_eq!(peer.connections(), 0);
    }

    #[tokio::test]
    async fn s15_loopback_is_refused_without_the_switch_by_address_and_by_name() {
        let peer = Peer::answering(ok("", "{}")).await;
        // The real resolver, which knows localhost.
        let fetcher = Fetcher::new(Reach::Global).unwrap();
        for name in ["127.0.0.1", "127.255.0.1", "localhost", "LOCALHOST", "bob.localhost"] {
            let result = fetcher.get(&peer.called(name), PATH).await;
            assert!(is_refused(&result), "{name}: {result:?}");
        }
        assert_eq!(peer.connections(), 0);
    }

    #[tokio::test]
    async fn s15_the_switch_opens_loopback_and_nothing_else() {
        for &(block, bits) in NOT_GLOBAL {
            for ip in samples(block, bits) {
                assert_eq!(Reach::GlobalOrLoopback.allows(ip), ip.is_loopback(), "{ip}");
            }
        }
        let dns = Script::new(&[&["10.0.0.1"]]);
        let server = ServerId::parse("home.example").unwrap();
        assert!(is_refused(
            &fetcher(Reach::GlobalOrLoopback, dns).get(&server, PATH).await
        ));
    }

    #[tokio::test]
    async fn s15_a_refusal_does_not_tell_where_the_name_leads() {
        let dns = Script::new(&[&["10.11.12.13"]]);
        let server = ServerId::parse("home.example").unwrap();
        let error = fetcher(Reach::Global, dns).get(&server, PATH).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("10."), "{error:?}");
    }

    #[test]
    fn s16_every_special_block_is_refused_from_its_first_address_to_its_last() {
        for &(block, bits) in NOT_GLOBAL {
            for ip in samples(block, bits) {
                assert!(!is_global(ip), "{ip} of {block}/{bits}");
                assert!(!Reach::Global.allows(ip), "{ip} of {block}/{bits}");
            }
        }
    }

    #[test]
    fn s16_the_neighbours_of_special_blocks_are_global() {
        for ip in ARE_GLOBAL.split_whitespace() {
            let ip = ip.parse().unwrap();
            assert!(is_global(ip) && Reach::Global.allows(ip), "{ip}");
            assert!(Reach::GlobalOrLoopback.allows(ip), "{ip}");
        }
    }

    #[test]
    fn s16_no_ipv4_address_is_global_in_ipv6_clothes() {
        for (prefix, shift) in [
            ("::", 0),
            ("::ffff:0:0", 0),
            ("64:ff9b::", 0),
            ("64:ff9b:1::", 0),
            ("2002::", 80),
        ] {
            let IpAddr::V6(prefix) = prefix.parse().unwrap() else {
                unreachable!()
            };
            for v4 in ["8.8.8.8", "127.0.0.1", "10.0.0.1", "169.254.169.254"] {
                let v4 = u128::from(v4.parse::<std::net::Ipv4Addr>().unwrap().to_bits());
                let ip = IpAddr::V6((prefix.to_bits() | v4 << shift).into());
                assert!(!is_global(ip), "{ip}");
            }
        }
    }

    /// Dotted, decimal, octal, hexadecimal, mixed, short; bracketed and not, mapped, compatible,
    /// translated, with a zone; trailing dots; IDNA's digits, dots and letters, invisible
    /// characters, percent; and the names of this machine.
    const SPELLINGS: &str = "
        127.0.0.1  10.0.0.1  0.0.0.0  169.254.169.254  2130706433  4294967295  340282366920938463463374607431768211457
        017700000001  0177.0.0.1  0177.0.0.01  127.0.0.01  00000000000000000000000000000177.1
        0x7f000001  0X7F000001  0x7f.0.0.1  0x7f.0x0.0x0.0x1  127.0x1  127.1  127.0.1  0  0x
        [::1]  ::1  [::]  [::ffff:127.0.0.1]  [::ffff:7f00:1]  ::ffff:127.0.0.1  [::127.0.0.1]  [0:0:0:0:0:0:0:1]
        [64:ff9b::7f00:1]  [fe80::1%25lo]  [fe80::1%lo]  [v1.x]
        127.0.0.1.  127.1.  0x7f.1.  localhost.  [::1].  home.example.
        １２７.０.０.１  127。0。0。1  127．0．0．1  ①②⑦.0.0.1  ｌocalhost  ⅼocalhost  loc\u{ad}alhost  127\u{200b}.0.0.1
        %31%32%37.0.0.1  127%2e0.0.1
        localhost  LOCALHOST  LocalHost  x.localhost";

    #[tokio::test]
    async fn s16_every_spelling_of_a_private_address_is_refused() {
        let peer = Peer::answering(ok("", "{}")).await;
        let dns = Script::new(&[&["127.0.0.1"]]);
        let fetcher = fetcher(Reach::Global, dns.clone());
        for host in SPELLINGS.split_whitespace() {
            for text in [host.to_owned(), format!("{host}:{}", peer.port)] {
                if let Ok(server) = ServerId::parse(&text) {
                    let result = fetcher.get(&server, PATH).await;
                    assert!(is_refused(&result), "{text}: {result:?}");
                }
            }
        }
        assert_eq!(peer.connections(), 0);
        assert_eq!(dns.asked(), 0, "all of them are refused before a look-up");
    }

    /// Never assigned, so that nobody is there to be reached by a test.
    const GLOBAL: &str = "3000::1";

    #[tokio::test]
    async fn s17_a_name_that_turns_private_after_its_first_answer_is_never_connected_to() {
        let peer = Peer::answering(ok("", "{}")).await;
        let dns = Script::new(&[&[GLOBAL], &["127.0.0.1"]]);
        let fetcher = fetcher(Reach::Global, dns.clone());
        let first = fetcher.get(&peer.called("rebind.example"), PATH).await;
        assert!(
            matches!(first, Err(FetchError::Unreachable | FetchError::TimedOut)),
            "{first:?}"
        );
        assert_eq!(dns.asked(), 1, "what was checked is what was connected to");
        for _ in 0..3 {
            assert!(is_refused(&fetcher.get(&peer.called("rebind.example"), PATH).await));
        }
        assert_eq!(dns.asked(), 4, "a refusal is not remembered as an address");
        assert_eq!(peer.connections(), 0);
    }

    #[tokio::test]
    async fn s17_the_address_that_was_checked_is_the_one_connected_to() {
        let peer = Peer::answering("").await;
        let dns = Script::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
        let _ = fetcher(Reach::GlobalOrLoopback, dns.clone())
            .get(&peer.called("rebind.example"), PATH)
            .await;
        assert_eq!((dns.asked(), peer.connections()), (1, 1));
    }

    #[tokio::test]
    async fn s17_one_private_address_among_public_ones_spoils_the_name() {
        let peer = Peer::answering(ok("", "{}")).await;
        for answers in [
            [GLOBAL, "127.0.0.1"],
            ["127.0.0.1", GLOBAL],
            ["1.1.1.1", "::1"],
            ["1.1.1.1", "::ffff:127.0.0.1"],
        ] {
            let result = fetcher(Reach::Global, Script::new(&[&answers]))
                .get(&peer.called("mixed.example"), PATH)
                .await;
            assert!(is_refused(&result), "{answers:?}: {result:?}");
        }
        assert_eq!(peer.connections(), 0);
    }

    #[tokio::test]
    async fn s17_the_resolver_gives_all_addresses_or_none() {
        use reqwest::dns::Resolve;
        let dns = Script::new(&[&["1.1.1.1", "2606:4700::1111"], &["1.1.1.1", "10.0.0.1"]]);
        let resolver = GuardedResolver::with_lookup(Reach::Global, dns);
        let addresses = resolver.resolve("home.example".parse().unwrap()).await.unwrap();
        assert_eq!(
            addresses.map(|a| a.ip().to_string()).collect::<Vec<_>>(),
            ["1.1.1.1", "2606:4700::1111"]
        );
        assert!(resolver.resolve("home.example".parse().unwrap()).await.is_err());
    }

    #[tokio::test]
    async fn s18_a_redirect_is_a_status_and_is_not_followed() {
        let elsewhere = Peer::answering(ok("", "{}")).await;
        for status in [300, 301, 302, 303, 307, 308] {
            for target in [
                format!("http://127.0.0.1:{}/", elsewhere.port),
                format!("http://localhost:{}/", elsewhere.port),
                format!("//127.0.0.1:{}/", elsewhere.port),
                "/elsewhere".to_owned(),
            ] {
                let answer = format!("HTTP/1.1 {status} X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
                let peer = Peer::answering(answer).await;
                let got = developer().get(&peer.id(), PATH).await;
                assert_eq!(got, Ok(Fetched { status, body: vec![] }), "{target}");
                let posted = developer().post(&peer.id(), PATH, &[], "{}".to_owned()).await;
                assert_eq!(posted, Ok(Fetched { status, body: vec![] }), "{target}");
                assert_eq!(peer.connections(), 2);
            }
        }
        assert_eq!(elsewhere.connections(), 0);
    }

    #[test]
    fn s18_a_server_id_is_a_host_and_a_port_and_nothing_more() {
        for text in [
            "user@home.example",
            "user:pw@home.example",
            "home.example#x",
            "home.example/x",
            "home.example/",
            "home.example?x",
            "home.example\\@evil.example",
            "https://home.example",
            "//home.example",
            "home.example:443@evil.example",
            "home.example:80:90",
            "home.example:0",
            "home.example:+80",
            "home.example\t",
            "home.example\r\nX: y",
            " home.example",
        ] {
            assert!(ServerId::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(ServerId::parse("home.example:8443").unwrap().port(), Some(8443));
    }

    #[tokio::test]
    async fn s20_a_body_may_be_as_long_as_the_limit_and_not_a_byte_longer() {
        for (length, expected) in [
            (SHORT.body, Ok(SHORT.body)),
            (SHORT.body + 1, Err(FetchError::TooLarge)),
        ] {
            let body = " ".repeat(length);
            for answer in [
                ok(&format!("Content-Length: {length}\r\n"), &body),
                ok("Connection: close\r\n", &body),
                ok(
                    "Transfer-Encoding: chunked\r\n",
                    &format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
                ),
            ] {
                let peer = Peer::answering(answer).await;
                let got = patient().get(&peer.id(), PATH).await;
                assert_eq!(got.map(|fetched| fetched.body.len()), expected);
                let posted = patient().post(&peer.id(), PATH, &[], "{}".to_owned()).await;
                assert_eq!(posted.map(|fetched| fetched.body.len()), expected);
            }
        }
    }

    #[tokio::test]
    async fn s20_an_announced_length_beyond_the_limit_is_not_waited_for() {
        let peer = Peer::with(|mut stream| async move {
            stream
                .write_all(ok("Content-Length: 10000000000\r\n", "").as_bytes())
                .await?;
            std::future::pending().await
        })
        .await;
        assert_eq!(patient().get(&peer.id(), PATH).await, Err(FetchError::TooLarge));
    }

    /// Repeats `part` after `start` until the other side has had enough, and counts bytes.
    async fn endless(start: String, part: &'static [u8]) -> (Peer, Arc<AtomicUsize>) {
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = sent.clone();
        let peer = Peer::with(move |mut stream| {
            let (start, counter) = (start.clone(), counter.clone());
            async move {
                stream.write_all(start.as_bytes()).await?;
                loop {
                    stream.write_all(part).await?;
                    counter.fetch_add(part.len(), Ordering::SeqCst);
                }
            }
        })
        .await;
        (peer, sent)
    }

    /// What may be under way in the kernel's buffers when the connection is cut.
    const UNDER_WAY: usize = 16 * 1024 * 1024;

    #[tokio::test]
    async fn s20_an_endless_body_is_cut_off() {
        for (headers, part) in [
            ("Connection: close\r\n", &[b' '; 4096][..]),
            ("Transfer-Encoding: chunked\r\n", &b"8\r\n        \r\n"[..]),
        ] {
            let (peer, sent) = endless(ok(headers, ""), part).await;
            assert_eq!(patient().get(&peer.id(), PATH).await, Err(FetchError::TooLarge));
            assert!(sent.load(Ordering::SeqCst) < UNDER_WAY);
        }
    }

    #[tokio::test]
    async fn s20_endless_headers_are_cut_off() {
        for part in [&b"X: y\r\n"[..], &[b'x'; 4096][..]] {
            let (peer, sent) = endless("HTTP/1.1 200 OK\r\nX: ".to_owned(), part).await;
            let result = patient().get(&peer.id(), PATH).await;
            assert_eq!(result, Err(FetchError::Broken), "cut off by size, not by time");
            assert!(sent.load(Ordering::SeqCst) < UNDER_WAY);
        }
    }

    #[tokio::test]
    async fn s20_more_headers_than_anybody_needs_are_refused() {
        for (count, accepted) in [(60, true), (70, false)] {
            let headers = "X: y\r\n".repeat(count - 2) + "Content-Length: 2\r\n";
            let peer = Peer::answering(ok(&headers, "{}")).await;
            assert_eq!(patient().get(&peer.id(), PATH).await.is_ok(), accepted, "{count}");
        }
    }

    #[tokio::test]
    async fn s20_endless_interim_answers_and_trailers_end_in_time() {
        let trailers = ok("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n");
        for (start, part) in [
            (String::new(), &b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"[..]),
            (trailers, &b"X: y\r\n"[..]),
        ] {
            let (peer, _) = endless(start, part).await;
            let started = Instant::now();
            let result = developer().get(&peer.id(), PATH).await;
            assert!(
                matches!(result, Err(FetchError::Broken | FetchError::TimedOut)),
                "{result:?}"
            );
            assert!(started.elapsed() < SOON);
        }
    }

    #[tokio::test]
    async fn s20_a_compressed_answer_is_refused_and_not_decompressed() {
        for encoding in [
            "gzip",
            "GZIP",
            "x-gzip",
            "deflate",
            "br",
            "zstd",
            "identity, gzip",
            "identity\r\nContent-Encoding: gzip",
        ] {
            let headers = format!("Content-Encoding: {encoding}\r\nContent-Length: 3\r\n");
            let peer = Peer::answering(ok(&headers, "\u{1f}\u{8}\0")).await;
            assert_eq!(
                patient().get(&peer.id(), PATH).await,
                Err(FetchError::Encoded),
                "{encoding}"
            );
            let posted = patient().post(&peer.id(), PATH, &[], "{}".to_owned()).await;
            assert_eq!(posted, Err(FetchError::Encoded), "{encoding}");
        }
        // A bomb without a label is a few odd bytes; with the identity label too.
        for headers in [
            "Content-Length: 3\r\n",
            "Content-Encoding: identity\r\nContent-Length: 3\r\n",
        ] {
            let peer = Peer::answering(ok(headers, "\u{1f}\u{8}\0")).await;
            assert_eq!(patient().get(&peer.id(), PATH).await.unwrap().body, [0x1f, 8, 0]);
        }
    }

    #[tokio::test]
    async fn s20_a_slow_answer_is_given_up_in_time() {
        let silent = "";
        let in_the_headers = "HTTP/1.1 200 OK\r\nX-Slow: ";
        let in_the_body = &ok("Content-Length: 60000\r\n", "");
        for start in [silent, in_the_headers, in_the_body] {
            let start = start.to_owned();
            let peer = Peer::with(move |mut stream| {
                let start = start.clone();
                async move {
                    stream.write_all(start.as_bytes()).await?;
                    // Always something new, so that no limit on silence would help.
                    loop {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        if !start.is_empty() {
                            stream.write_all(b" ").await?;
                        }
                    }
                }
            })
            .await;
            let started = Instant::now();
            let (fetcher, id) = (developer(), peer.id());
            let (got, posted) = tokio::join!(fetcher.get(&id, PATH), fetcher.post(&id, PATH, &[], "{}".to_owned()));
            assert_eq!((got, posted), (Err(FetchError::TimedOut), Err(FetchError::TimedOut)));
            assert!(started.elapsed() < SOON);
        }
    }

    #[tokio::test]
    async fn s20_a_resolver_or_handshake_that_hangs_is_given_up_in_time() {
        struct Never;
        #[async_trait]
        impl Lookup for Never {
            async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
                std::future::pending().await
            }
        }
        let started = Instant::now();
        let server = ServerId::parse("home.example").unwrap();
        let fetcher = Fetcher::with(Reach::Global, SHORT, Arc::new(Never)).unwrap();
        assert_eq!(fetcher.get(&server, PATH).await, Err(FetchError::TimedOut));

        let peer = Peer::with(|stream| async move {
            let _open = stream;
            std::future::pending().await
        })
        .await;
        let fetcher = super::fetcher(Reach::GlobalOrLoopback, Script::new(&[&["127.0.0.1"]]));
        assert_eq!(
            fetcher.get(&peer.called("home.example"), PATH).await,
            Err(FetchError::TimedOut)
        );
        assert!(started.elapsed() < SOON);
    }

    #[tokio::test]
    async fn s20_a_document_of_another_type_is_refused() {
        let typed = |kind: &str| format!("HTTP/1.1 200 OK\r\n{kind}Content-Length: 2\r\n\r\n{{}}");
        for kind in [
            "",
            "Content-Type: \r\n",
            "Content-Type: text/html\r\n",
            "Content-Type: application/jsonx\r\n",
            "Content-Type: application/activity+json\r\n",
            "Content-Type: text/html; x=application/json\r\n",
            "Content-Type: \u{e4}\r\n",
        ] {
            let peer = Peer::answering(typed(kind)).await;
            assert_eq!(
                developer().get(&peer.id(), PATH).await,
                Err(FetchError::WrongType),
                "{kind}"
            );
        }
        for kind in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json ;charset=utf-8",
        ] {
            let peer = Peer::answering(typed(&format!("Content-Type: {kind}\r\n"))).await;
            assert_eq!(developer().get(&peer.id(), PATH).await.unwrap().body, b"{}", "{kind}");
        }
    }
}
