//! Statement 45: no message stops the work for other peers, inbound or outbound.

use std::{fs, path::Path};

use parchment_core::{
    canonical,
    envelope::Kind,
    nonce::{Digest, Nonce},
    request::{INBOX_METHOD, INBOX_PATH, Wrapper, header},
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;
use serde_json::{Value, json};

use super::world::invitations_of;
use crate::support::{
    app::{Answer, Person, TestApp, random},
    crowd::Writers,
    peer::{Peer, PeerUser, RawInbox, send_all},
    rows,
    stranger::{Manner, StrangeServer},
};

/// All files of the corpora that fuzzing begins with.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let targets = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = targets.flat_map(|target| fs::read_dir(target).unwrap());
    files.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// Bodies that are as long, deep, wide or odd as they may be, and more.
fn monsters() -> Vec<Vec<u8>> {
    let nested = |open: &str, close: &str, levels: usize| open.repeat(levels) + "1" + &close.repeat(levels);
    let members = (0..8000).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(",");
    let texts = [
        "[".repeat(60_000),
        "{\"a\":".repeat(12_000),
        nested("[", "]", 64),
        nested("{\"a\":", "}", 64),
        nested("{\"payload\":", "}", 5000),
        format!("{{{members}}}"),
        format!("\"{}\"", "a".repeat(65_000)),
        format!("\"{}\"", "\\ud83d\\ude00".repeat(5000)),
        "9".repeat(65_000),
        format!("-0.{}1e-999999999", "0".repeat(60_000)),
        format!("1e{}", "9".repeat(60_000)),
        format!("[{}1]", "1,".repeat(32_000)),
        "\u{202e}\u{0}\u{feff}".to_owned(),
        json!({ "from": "a@".repeat(20_000), "to": "b", "payload": {} }).to_string(),
        json!({ "message_type": "x".repeat(60_000) }).to_string(),
    ];
    let bytes = [vec![0xff; 65_536], vec![0; 65_536], vec![b' '; 65_536]];
    texts.map(String::into_bytes).into_iter().chain(bytes).collect()
}

/// The same body in a request that `home` signed, if it is JSON that can be signed.
fn signed(home: &Peer, app: &TestApp, body: Vec<u8>) -> RawInbox {
    let body_hash = canonical::parse(&body).map_or_else(|_| Digest::of(&body), |value| canonical::digest(&value));
    let (nonce, now) = (Nonce::from_bytes(random()), Timestamp::from_instant(SystemClock.now()));
    let signature = home.identity.sign(&Wrapper {
        method: INBOX_METHOD,
        path: INBOX_PATH,
        body_hash,
        nonce,
        timestamp: &now,
        peer: &app.id,
        sender: home.id(),
    });
    let headers = [
        ("content-type", "application/json".to_owned()),
        (header::SERVER_ID, home.id().to_string()),
        (header::PROTOCOL_VERSION, "2".to_owned()),
        (header::NONCE, nonce.to_base64()),
        (header::TIMESTAMP, now.to_string()),
        (header::SIGNATURE, signature.to_base64()),
    ];
    RawInbox {
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body,
        query: String::new(),
    }
}

/// A message of the right shape with a value in one place that has no business there.
fn odd_messages(mallory: &PeerUser, bob: &Person<'_>) -> Vec<Vec<u8>> {
    let good: Value = serde_json::from_str(&mallory.say(Kind::FriendInvite, bob.handle()).to_canonical()).unwrap();
    let mut bodies = Vec::new();
    for name in good.as_object().unwrap().keys() {
        for odd in [
            Value::Null,
            json!([]),
            json!({}),
            json!(-1),
            json!(1e300),
            json!(""),
            json!("\u{0}\u{1}\n"),
            json!("é".repeat(20_000)),
            json!({ "__proto__": { "constructor": null } }),
        ] {
            if good[name] == odd {
                continue;
            }
            let mut body = good.clone();
            body[name] = odd;
            bodies.push(body.to_string().into_bytes());
        }
    }
    bodies
}

async fn assert_both_ways_work(app: &TestApp, bob: &Person<'_>, home: &Peer, name: &str) {
    let said = home.user(name).say(Kind::FriendInvite, bob.handle());
    home.deliver(app, &said).await.expect(202);
    let before = home.inbox().len();
    bob.invite(&home.user(&format!("{name}_friend")).handle)
        .await
        .expect(200);
    assert_eq!(home.inbox().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s45_no_hostile_message_stops_those_of_others_or_panics() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, hostile) = (Peer::start().await, Peer::start().await);
    let mallory = hostile.user("mallory");
    let known = mallory.say(Kind::RelationshipRevoke, bob.handle());
    hostile.deliver(&app, &known).await.expect(202);

    let bodies: Vec<Vec<u8>> = corpus()
        .into_iter()
        .chain(monsters())
        .chain(odd_messages(&mallory, &bob))
        .collect();
    assert!(bodies.len() > 350, "{}", bodies.len());
    let mut good = 0;
    for bodies in bodies.chunks(20) {
        let mut requests: Vec<RawInbox> = bodies.iter().map(|body| signed(&hostile, &app, body.clone())).collect();
        // One of another peer among each five.
        for at in [0, 6, 12, 18] {
            let said = home
                .user(&format!("user_{good}"))
                .say(Kind::RelationshipRevoke, bob.handle());
            requests.insert(at.min(requests.len()), home.request(&app.id, &said));
            good += 1;
        }
        for (request, answer) in requests.iter().zip(send_all(&app, &requests).await) {
            let is_good = request.headers.iter().any(|(_, value)| value == home.id().as_str());
            let text = String::from_utf8_lossy(&request.body[..request.body.len().min(200)]).into_owned();
            assert!(
                is_good && answer.status == 202 || !is_good && (400..500).contains(&answer.status),
                "{text}: {answer:?}"
            );
        }
    }
    assert_both_ways_work(&app, &bob, &home, "alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s45_a_message_whose_effect_fails_in_the_database_takes_no_other_with_it() {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let (home, hostile) = (Peer::start().await, Peer::start().await);
    assert_both_ways_work(&app, &bob, &home, "before").await;
    rows::change(&app, &rows::failing("invitations", "NEW.peer_handle LIKE 'poison%'")).await;
    let say =
        |peer: &Peer, name: String| peer.request(&app.id, &peer.user(&name).say(Kind::FriendInvite, bob.handle()));
    let requests: Vec<RawInbox> = (0..40)
        .map(|n| match n % 4 {
            1 => say(&hostile, format!("poison_{n}")),
            _ => say(&home, format!("good_{n}")),
        })
        .collect();

    // While somebody else writes, they gather and share a transaction.
    let writers = Writers::hold(&app.app().store).await;
    let (answers, ()) = tokio::join!(send_all(&app, &requests), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        writers.take_turns();
    });
    writers.release().await;
    let is_poisoned = |n: usize| n % 4 == 1;
    for (n, answer) in answers.iter().enumerate() {
        let Answer { status, text, .. } = answer;
        assert_eq!(is_poisoned(n), *status >= 500, "{n}: {text}");
        assert!(is_poisoned(n) || *status == 202, "{n}: {text}");
    }
    assert_eq!(bob.incoming().await.len(), 1 + 30);
    assert_both_ways_work(&app, &bob, &home, "after").await;
    // What failed left nothing behind, so it may come again.
    rows::change(&app, &rows::working("invitations")).await;
    for request in requests
        .iter()
        .enumerate()
        .filter(|(n, _)| is_poisoned(*n))
        .map(|(_, request)| request)
    {
        request.send(&app).await.expect(202);
    }
    assert_eq!(bob.incoming().await.len(), 1 + 30 + 1 + 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn s45_a_peer_that_does_not_answer_holds_up_no_message_to_others() {
    let (app, silent) = (TestApp::start().await, StrangeServer::start().await);
    let bob = app.person("bob").await;
    let home = Peer::start().await;
    silent.set(Manner::Hang);
    let strangers: Vec<_> = (0..20).map(|n| silent.user(&format!("user_{n}"))).collect();
    let hanging = futures_util::future::join_all(strangers.iter().map(|stranger| bob.invite(&stranger.handle)));
    let others = async {
        while silent.messages().len() < strangers.len() {
            tokio::task::yield_now().await;
        }
        assert_both_ways_work(&app, &bob, &home, "alice").await;
        silent.release();
    };
    let (hung, ()) = tokio::join!(hanging, others);
    // Each is told by itself that its message may have arrived or not.
    assert!(
        hung.iter()
            .all(|answer| answer.status >= 500 || answer.status == 200 || answer.status == 202)
    );
    assert_eq!(invitations_of(&app.app().store, &strangers[0].handle).await, 1);
}
