//! Statement 19: strangers cannot make this server ask others more than a little.

use std::time::Duration;

use parchment_core::{envelope::Kind, manifest::MANIFEST_PATH, request::header};
use parchment_server::federation::guard::Reach;

use super::world::Controlled;
use crate::support::{
    app::TestApp,
    peer::{Page, Peer, RawInbox, send_all},
};

#[tokio::test(flavor = "multi_thread")]
async fn s19_any_number_of_forged_requests_in_one_name_cause_one_fetch() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    // A server that answers, one that has no manifest, and one that fails.
    for page in [
        None,
        Some(Page::Raw(404, vec![], vec![])),
        Some(Page::Raw(500, vec![], vec![])),
    ] {
        let home = Peer::start().await;
        if let Some(page) = &page {
            home.set(MANIFEST_PATH, page.clone());
        }
        let alice = home.user("alice");
        let forged: Vec<RawInbox> = (0..50)
            .map(|_| {
                home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()))
                    .forged()
            })
            .collect();
        for requests in forged.chunks(25) {
            let answers = send_all(&app, requests).await;
            assert!(answers.iter().all(|answer| [401, 503].contains(&answer.status)));
        }
        assert_eq!((home.manifest_hits(), home.all_hits()), (1, 1), "{page:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_forged_requests_in_the_name_of_a_known_server_cause_one_fetch() {
    let mut app = TestApp::start().await;
    let bob = app.person("bob").await.handle().clone();
    let home = Peer::start().await;
    let alice = home.user("alice");
    home.deliver(&app, &alice.say(Kind::FriendInvite, &bob))
        .await
        .expect(202);
    // What is known is the pin; the manifest is forgotten with the process.
    app.restart().await;
    let before = home.all_hits();
    for _ in 0..3 {
        let forged: Vec<RawInbox> = (0..10)
            .map(|_| home.request(&app.id, &alice.say(Kind::FriendInvite, &bob)).forged())
            .collect();
        for answer in send_all(&app, &forged).await {
            answer.expect_code(401, "invalid_server_signature");
        }
    }
    assert_eq!(home.all_hits() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_nothing_is_fetched_before_the_cheap_checks_pass() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    let alice = home.user("alice");
    let good = home.request(&app.id, &alice.say(Kind::FriendInvite, bob.handle()));
    let mut bad = Vec::new();
    for name in [
        header::SERVER_ID,
        header::PROTOCOL_VERSION,
        header::NONCE,
        header::TIMESTAMP,
        header::SIGNATURE,
        "content-type",
    ] {
        bad.push(good.clone().with(name, None));
        bad.push(good.clone().with(name, Some("?")));
    }
    let early = app.app().now().plus(-301_000).to_string();
    bad.push(good.clone().with(header::TIMESTAMP, Some(&early)));
    let elsewhere = parchment_core::handle::Handle::parse("bob@elsewhere.example").unwrap();
    for message in [
        alice.say_at(Kind::FriendInvite, bob.handle(), -301_000),
        alice.say_at(Kind::FriendInvite, bob.handle(), 310_000),
        alice.say(Kind::FriendInvite, &elsewhere),
        alice.say(Kind::LocationRequest, bob.handle()),
        Peer::start().await.user("alice").say(Kind::FriendInvite, bob.handle()),
    ] {
        bad.push(home.request(&app.id, &message));
    }
    for body in ["", "{", "[]", "{}", r#"{"a":1,"a":2}"#] {
        let mut request = good.clone();
        request.body = body.into();
        bad.push(request);
    }
    for request in bad {
        let answer = request.send(&app).await;
        assert!((400..=499).contains(&answer.status), "{request:?}: {}", answer.text);
        assert_eq!(home.all_hits(), 0, "{request:?}");
    }
    let mut long = good.clone();
    long.body.resize(70_000, b' ');
    let status = long.send_too_much(&app).await;
    assert!([None, Some(413)].contains(&status), "{status:?}");
    assert_eq!(home.all_hits(), 0);
    // Authenticated first: whose document is asked for depends on a signature of her server.
    good.clone().forged().send(&app).await.expect(401);
    assert_eq!((home.manifest_hits(), home.all_hits()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_many_names_at_once_keep_a_bounded_number_of_fetches_under_way() {
    let app = Controlled::start(Reach::GlobalOrLoopback, vec![]).await;
    let home = Peer::start().await;
    let slowly = Page::After(Duration::from_millis(300), Box::new(Page::Json(home.manifest())));
    home.set(MANIFEST_PATH, slowly);
    let bob = app.handle("bob");
    let requests: Vec<RawInbox> = (0..200)
        .map(|number| {
            let named = home.called(&format!("p{number}.localhost"));
            let said = named.user("alice").say(Kind::FriendInvite, &bob);
            named.request(&app.id, &said)
        })
        .collect();
    let answers = futures_util::future::join_all(requests.iter().map(|request| app.send(request))).await;
    assert!(answers.iter().all(|answer| [401, 503].contains(&answer.status)));
    let most = home.most_at_once();
    assert!((8..=64).contains(&most), "{most} at once");
}
