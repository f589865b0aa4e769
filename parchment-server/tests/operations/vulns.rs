//! The numbered statements of the security page that operators' commands could break.

use parchment_core::envelope::Kind;
use parchment_server::{
    Server,
    store::entities::{peer_refusals, transport_nonces},
};

use crate::{
    arg, beside,
    peers::{flush, refused, why},
    run,
    support::{
        app::{TestApp, answer},
        peer::{Peer, send_all},
        rows,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn s10_a_restored_server_refuses_every_replay_of_what_it_knows() {
    let mut app = TestApp::start_on_file().await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let bob = app.person("bob").await.handle().clone();
    let known = alice.say(Kind::FriendInvite, &bob);
    let request = home.request(&app.id, &known);
    request.send(&app).await.expect(202);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b.tar");
    beside(&app, &["backup", arg(&file)]).await.done();
    app.stop().await;

    let data = folder.path().join("data");
    run(&app.settings, &data, &["restore", arg(&file)]).await.done();
    let mut settings = app.settings.clone();
    settings.data_dir = data;
    let restored = Server::start(settings).await.unwrap();
    let store = restored.app().store.clone();
    let invitations = async || {
        use sea_orm::EntityTrait as _;
        let found = parchment_server::store::entities::invitations::Entity::find();
        found.all(store.reader()).await.unwrap().len()
    };
    assert_eq!(invitations().await, 1);
    // The same verdicts as before: the very request is a replay, the message in a new one has no second effect.
    request.send(&app).await.expect_code(401, "replay");
    home.deliver(&app, &known).await.expect(202);
    let request = home.request(&app.id, &known);
    answer(request.at(&app.http, &app.url(""))).await.expect(202);
    assert_eq!(invitations().await, 1);
    restored.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_forged_requests_in_the_name_of_strangers_leave_no_refusals() {
    let app = TestApp::start_on_file().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let request = home.request(&app.id, &home.user("alice").say(Kind::FriendInvite, bob.handle()));
    for _ in 0..20 {
        request.clone().forged().send(&app).await.expect(401);
        let name = format!("s{}.example", rand());
        let stranger = request.clone().with("x-parchment-server-id", Some(&name));
        stranger.send(&app).await.expect(401);
    }
    flush(&app).await;
    assert_eq!(rows::count::<peer_refusals::Entity>(&app).await, 0);
}

fn rand() -> u32 {
    u32::from_le_bytes(crate::support::app::random())
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_flood_in_a_peers_name_costs_no_write_each_and_pushes_out_nothing_that_it_signed() {
    const FLOOD: usize = 600;
    let app = TestApp::start_on_file().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let request = home.request(&app.id, &home.user("alice").say(Kind::FriendInvite, bob.handle()));
    request.send(&app).await.expect(202);
    request.send(&app).await.expect_code(401, "replay");
    flush(&app).await;
    let log = app.folder.path().join("parchment.db-wal");
    let before = std::fs::metadata(&log).unwrap().len();
    let nonces = rows::count::<transport_nonces::Entity>(&app).await;

    let flood: Vec<_> = (0..FLOOD)
        .map(|number| match number % 3 {
            0 => request.clone().forged(),
            1 => request
                .clone()
                .with("x-parchment-timestamp", Some("2001-01-01T00:00:00Z")),
            _ => request
                .clone()
                .with("x-parchment-protocol-version", Some(&format!("{}", number + 3))),
        })
        .collect();
    for some in flood.chunks(50) {
        for answer in send_all(&app, some).await {
            answer.expect(401);
        }
    }
    let why = why(&app, &home).await;
    // A page or more for each would be two megabytes and more.
    let grown = std::fs::metadata(&log).unwrap().len() - before;
    assert!(grown < 400_000, "{FLOOD} forged requests wrote {grown} bytes");
    let third = FLOOD as u64 / 3;
    assert_eq!(
        refused(&why),
        [
            ("received", "replay", 1),
            ("unverified", "invalid_server_signature", third),
            ("unverified", "stale_request", third),
            ("unverified", "unsupported_version", third),
        ]
        .map(|(way, code, times)| (way.to_owned(), code.to_owned(), times))
    );
    assert_eq!(rows::count::<transport_nonces::Entity>(&app).await, nonces);
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_a_peer_that_makes_up_codes_fills_no_table() {
    let app = TestApp::start_on_file().await;
    let home = Peer::start().await;
    let now = app.app().now();
    let word = |number: i64| {
        let letters = "abcdefghij".as_bytes();
        let digits = format!("{number:04}");
        digits
            .bytes()
            .map(|digit| letters[usize::from(digit - b'0')] as char)
            .collect::<String>()
    };
    for number in 0..1500 {
        let way = parchment_server::federation::refusals::Way::Sent;
        app.app()
            .refusals
            .note(home.id(), way, &word(number), "It refused.", now.plus(number));
    }
    flush(&app).await;
    let kept = rows::all::<peer_refusals::Entity>(&app).await;
    assert_eq!(kept.len(), 40);
    assert!(
        kept.iter().all(|row| row.last_at >= now.plus(1460).0),
        "the newest stay"
    );
}
