use std::time::Duration;

use parchment_core::{envelope::Kind, handle::Handle, keys::SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use super::{item, pending, percent, start_over};
use crate::support::{
    app::{Person, TestApp, answer, free_port, random},
    stranger::{Manner, StrangeServer, Stranger},
};

/// A person with new keys who has still to tell these strangers.
async fn who_reset<'a>(app: &'a TestApp, peers: &[&Stranger]) -> Person<'a> {
    let mut alice = app.person("alice").await;
    for peer in peers {
        alice.invite(&peer.handle).await.expect(200);
    }
    start_over(&alice).await.expect(200);
    alice.key = SigningKey::from_seed(&random());
    alice.register_keys().await;
    alice
}

async fn flush(person: &Person<'_>, items: Vec<Value>) -> Value {
    person
        .post("/users/me/revocations/flush", json!({ "items": items }))
        .await
        .expect(200)
        .body["results"]
        .clone()
}

fn told(peer: &Handle) -> Value {
    json!({ "peerHandle": peer.as_str(), "delivered": true })
}

fn untold(peer: &str, error: &str) -> Value {
    json!({ "peerHandle": peer, "delivered": false, "error": error })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_is_listed_oldest_first_with_id_and_time() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (first, second) = (server.user("zoe"), server.user("adam"));
    let alice = who_reset(&app, &[&first]).await;
    alice.invite(&second.handle).await.expect(200);
    start_over(&alice).await.expect(200);
    let list = alice.get("/users/me/revocations/pending").await.expect(200).body;
    let rows = list["revocations"].as_array().unwrap();
    let handles: Vec<&Value> = rows.iter().map(|row| &row["peerHandle"]).collect();
    assert_eq!(handles, [first.handle.as_str(), second.handle.as_str()]);
    for row in rows {
        assert_eq!(row.as_object().unwrap().len(), 3, "{row}");
        assert!(
            row["id"].is_string() && row["createdAt"].as_str().unwrap().ends_with('Z'),
            "{row}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_in_the_order_sent_and_only_what_is_delivered_leaves_the_queue() {
    let (app, one, two) = (
        TestApp::start().await,
        StrangeServer::start().await,
        StrangeServer::start().await,
    );
    let (first, second, third) = (one.user("first"), two.user("second"), one.user("third"));
    let alice = who_reset(&app, &[&first, &second, &third]).await;
    two.set(Manner::Refuse(400, "unknown_recipient"));
    let unqueued = one.handle("nobody");
    let mut nonsense = item(&alice, &unqueued);
    nonsense["peerHandle"] = json!("nonsense");
    let items = vec![
        item(&alice, &third.handle),
        nonsense,
        item(&alice, &second.handle),
        item(&alice, &unqueued),
        item(&alice, &first.handle),
    ];
    let expected = json!([
        told(&third.handle),
        untold("nonsense", "not_queued"),
        untold(second.handle.as_str(), "unknown_recipient"),
        untold(unqueued.as_str(), "not_queued"),
        told(&first.handle),
    ]);
    assert_eq!(flush(&alice, items).await, expected);
    assert_eq!(pending(&alice).await, [second.handle.to_string()]);

    two.set(Manner::Take);
    assert_eq!(
        flush(&alice, vec![item(&alice, &second.handle)]).await,
        json!([told(&second.handle)])
    );
    assert!(pending(&alice).await.is_empty());
    assert_eq!(
        flush(&alice, vec![item(&alice, &second.handle)]).await[0]["error"],
        "not_queued"
    );
    assert_eq!(flush(&alice, vec![]).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_ends_the_friendship_on_the_other_server() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (mut alice, bob) = (one.person("alice").await, two.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = bob.incoming().await.remove(0);
    bob.accept(&id, alice.handle()).await.expect(200);
    start_over(&alice).await.expect(200);
    assert_eq!(bob.friends().await.len(), 1, "he does not know yet");
    alice.key = SigningKey::from_seed(&random());
    alice.register_keys().await;
    assert_eq!(
        flush(&alice, vec![item(&alice, bob.handle())]).await,
        json!([told(bob.handle())])
    );
    assert!(bob.friends().await.is_empty());
    alice.invite(bob.handle()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_cannot_be_sent_is_refused_on_the_spot() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let peer = server.user("peer");
    let alice = who_reset(&app, &[&peer]).await;
    let before = server.requests();
    let with = |member: &str, value: Value| {
        let mut item = item(&alice, &peer.handle);
        item[member] = value;
        item
    };
    let (signature, nonce, timestamp) = alice.sign_at(Kind::RelationshipRevoke, &peer.handle, -291_000);
    let old = json!({
        "peerHandle": peer.handle.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp
    });
    let items = vec![
        old,
        with("messageVersion", json!(2)),
        with("messageVersion", json!(1.5)),
        with("nonce", json!("short")),
        with("signature", json!("short")),
        with("timestamp", json!("today")),
    ];
    let results = flush(&alice, items).await;
    let errors: Vec<&str> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["error"].as_str().unwrap())
        .collect();
    let expected = [
        "envelope_expired",
        "invalid_message_version",
        "invalid_message_version",
        "malformed_nonce",
        "malformed_signature",
        "invalid_timestamp",
    ];
    assert_eq!(errors, expected);
    assert_eq!(server.requests(), before);
    for version in [json!(1), json!(1.0), Value::Null] {
        let sent = with("messageVersion", version);
        assert_eq!(flush(&alice, vec![sent]).await, json!([told(&peer.handle)]));
        alice.invite(&peer.handle).await.expect(200);
        start_over(&alice).await.expect(200);
        alice.register_keys().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_nothing_is_sent() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let peer = server.user("peer");
    let alice = app.person("alice").await;
    alice.invite(&peer.handle).await.expect(200);
    start_over(&alice).await.expect(200);
    let results = flush(&alice, vec![item(&alice, &peer.handle)]).await;
    assert_eq!(results, json!([untold(peer.handle.as_str(), "no_identity")]));
    assert_eq!(server.kinds(), [Kind::FriendInvite]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_shape_sends_nothing() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let peer = server.user("peer");
    let alice = who_reset(&app, &[&peer]).await;
    let good = item(&alice, &peer.handle);
    let with = |member: &str, value: Value| {
        let mut item = good.clone();
        item[member] = value;
        json!({ "items": [item] })
    };
    let mut incomplete = good.clone();
    incomplete.as_object_mut().unwrap().remove("nonce");
    let bodies = [
        json!({}),
        json!({ "items": null }),
        json!({ "items": {} }),
        json!({ "items": [null] }),
        json!({ "items": [incomplete] }),
        json!({ "items": vec![good.clone(); 501] }),
        json!({ "items": [good], "all": true }),
        with("payload", json!({})),
        with("nonce", Value::Null),
        with("signature", json!(7)),
        with("messageVersion", json!("1")),
    ];
    for body in bodies {
        let what = body.to_string().chars().take(120).collect::<String>();
        let refused = alice.post("/users/me/revocations/flush", body).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid_body"), "{what}");
    }
    assert_eq!(server.kinds(), [Kind::FriendInvite]);
    assert_eq!(pending(&alice).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_dropped_by_its_handle_percent_encoded_or_not() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (first, second) = (server.user("first"), server.user("second"));
    let alice = who_reset(&app, &[&first, &second]).await;
    let encoded = format!("/users/me/revocations/pending/{}", percent(first.handle.as_str()));
    assert!(encoded.contains("%40") && encoded.contains("%3A"));
    let dropped = alice.call(Method::DELETE, &encoded, None).await.expect(200);
    assert_eq!(dropped.body, json!({ "success": true }));
    alice
        .call(Method::DELETE, &encoded, None)
        .await
        .expect_code(404, "not_found");
    assert_eq!(pending(&alice).await, [second.handle.to_string()]);
    let plain = format!("/users/me/revocations/pending/{}", second.handle);
    alice.call(Method::DELETE, &plain, None).await.expect(200);
    alice
        .call(Method::DELETE, "/users/me/revocations/pending/nonsense", None)
        .await
        .expect_code(404, "not_found");
    assert!(pending(&alice).await.is_empty());
    assert!(
        server.kinds().iter().all(|kind| *kind == Kind::FriendInvite),
        "giving up tells nobody"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_keeps_its_entry() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let peer = server.user("peer");
    let alice = who_reset(&app, &[&peer]).await;
    let gone = Handle::parse(&format!("peer@127.0.0.1:{}", free_port())).unwrap();
    crate::support::rows::change(&app, &format!("UPDATE revocations SET peer_handle = '{gone}'")).await;
    let results = flush(&alice, vec![item(&alice, &gone)]).await;
    assert_eq!(results, json!([untold(gone.as_str(), "peer_unreachable")]));
    assert_eq!(pending(&alice).await, [gone.to_string()]);
}

/// A flush that runs while the test looks on.
fn flush_beside(person: &Person<'_>, items: &[Value]) -> tokio::task::JoinHandle<Value> {
    let request = person
        .app
        .http
        .post(person.app.url("/users/me/revocations/flush"))
        .bearer_auth(&person.token);
    let request = request
        .header("content-type", "application/json")
        .body(json!({ "items": items }).to_string());
    tokio::spawn(async move { answer(request).await.expect(200).body["results"].clone() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_up_neither_another_nor_the_row_of_another() {
    let (app, slow, quick) = (
        TestApp::start().await,
        StrangeServer::start().await,
        StrangeServer::start().await,
    );
    let (first, second) = (slow.user("first"), quick.user("second"));
    let alice = who_reset(&app, &[&first, &second]).await;
    slow.set(Manner::Hang);
    let flushing = flush_beside(&alice, &[item(&alice, &first.handle), item(&alice, &second.handle)]);
    while slow.messages().len() < 2 || quick.messages().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Both have it and one hangs. The other's row goes without waiting for that.
    let mut waited = 0;
    while pending(&alice).await.len() == 2 && !flushing.is_finished() && waited < 500 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        waited += 1;
    }
    let (left, hangs) = (pending(&alice).await, !flushing.is_finished());
    slow.release();
    let results = flushing.await.unwrap();
    assert_eq!(
        results,
        json!([untold(first.handle.as_str(), "delivery_unknown"), told(&second.handle)])
    );
    assert_eq!(pending(&alice).await, [first.handle.to_string()]);
    assert!(
        hangs && left.len() == 1,
        "while one server hung, these were still queued: {left:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_given_up() {
    let (app, slow, quick) = (
        TestApp::start().await,
        StrangeServer::start().await,
        StrangeServer::start().await,
    );
    let (first, second) = (slow.user("first"), quick.user("second"));
    let alice = who_reset(&app, &[&first, &second]).await;
    slow.set(Manner::Hang);
    let items = vec![item(&alice, &first.handle), item(&alice, &second.handle)];
    // Four times the limit of one request: enough to tell an end from none.
    let results = tokio::time::timeout(Duration::from_secs(60), flush(&alice, items))
        .await
        .unwrap();
    assert_eq!(
        results,
        json!([untold(first.handle.as_str(), "delivery_unknown"), told(&second.handle)])
    );
    assert_eq!(pending(&alice).await, [first.handle.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_asked_once_and_its_other_items_wait() {
    let (app, slow) = (TestApp::start().await, StrangeServer::start().await);
    let (first, second) = (slow.user("first"), slow.user("second"));
    let alice = who_reset(&app, &[&first, &second]).await;
    slow.set(Manner::Swallow);
    let results = flush(&alice, vec![item(&alice, &first.handle), item(&alice, &second.handle)]).await;
    let first = untold(first.handle.as_str(), "delivery_unknown");
    let second = untold(second.handle.as_str(), "peer_unreachable");
    assert_eq!(
        results,
        json!([first, second]),
        "what was not even sent has no effect there"
    );
    let revocations = slow
        .kinds()
        .into_iter()
        .filter(|kind| *kind == Kind::RelationshipRevoke)
        .count();
    assert_eq!((revocations, pending(&alice).await.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_begins_with_a_peer_who_has_still_to_be_told() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let peer = server.user("peer");
    let alice = who_reset(&app, &[&peer]).await;
    alice.invite(&peer.handle).await.expect_code(409, "revocation_pending");
    server
        .send(&app, &peer, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    let id = alice.incoming().await.remove(0);
    alice
        .accept(&id, &peer.handle)
        .await
        .expect_code(409, "revocation_pending");
    assert_eq!(server.kinds(), [Kind::FriendInvite]);
    assert_eq!(
        flush(&alice, vec![item(&alice, &peer.handle)]).await,
        json!([told(&peer.handle)])
    );
    alice.accept(&id, &peer.handle).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_flushes_at_once_one_tells_a_peer_and_the_other_says_so() {
    let (app, slow) = (TestApp::start().await, StrangeServer::start().await);
    let first = slow.user("first");
    let alice = who_reset(&app, &[&first]).await;
    let before = slow.messages().len();
    slow.set(Manner::Hang);
    let flushing = flush_beside(&alice, &[item(&alice, &first.handle)]);
    while slow.messages().len() == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let beside = flush_beside(&alice, &[item(&alice, &first.handle)]).await.unwrap();
    assert_eq!(beside, json!([untold(first.handle.as_str(), "in_progress")]));
    assert_eq!(slow.messages().len(), before + 1);
    slow.release();
    let results = flushing.await.unwrap();
    assert_eq!(results, json!([untold(first.handle.as_str(), "delivery_unknown")]));
    // Given back: the next one sends.
    slow.set(Manner::Take);
    let again = flush_beside(&alice, &[item(&alice, &first.handle)]).await.unwrap();
    assert_eq!(again, json!([told(&first.handle)]));
}
