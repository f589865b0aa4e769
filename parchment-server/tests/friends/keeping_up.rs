use parchment_core::{envelope::Kind, keys::SigningKey};
use serde_json::{Value, json};

use super::{befriend, percent};
use crate::support::{
    app::{Person, TestApp, free_port, random},
    stranger::{StrangeServer, Stranger},
};

async fn with_friend<'a>(app: &'a TestApp, server: &StrangeServer) -> (Person<'a>, Stranger) {
    let (alice, peer) = (app.person("alice").await, server.user("peer"));
    alice.invite(&peer.handle).await.expect(200);
    server
        .send(app, &peer, Kind::FriendAccept, alice.handle())
        .await
        .expect(202);
    (alice, peer)
}

async fn first_friend(person: &Person<'_>) -> Value {
    person.get("/friends").await.expect(200).body["friends"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friends_new_encryption_key_and_name_are_taken_over() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = with_friend(&app, &server).await;
    let before = first_friend(&alice).await;
    let encryption = server.publish(&peer, Some("Peer Gynt"));
    let synced = alice.post("/friends/sync-keys", json!({})).await.expect(200).body;
    assert_eq!(
        synced,
        json!({ "results": [{ "handle": peer.handle.as_str(), "updated": true }] })
    );
    let mut expected = before;
    expected["friendEncryptionKey"] = json!(encryption.to_base64());
    expected["friendName"] = json!("Peer Gynt");
    assert_eq!(first_friend(&alice).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friends_new_signing_key_is_reported_and_nothing_of_it_is_taken_over() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = with_friend(&app, &server).await;
    let before = first_friend(&alice).await;
    let changed = Stranger {
        handle: peer.handle.clone(),
        key: SigningKey::from_seed(&random()),
    };
    server.publish(&changed, Some("Mallory"));
    let synced = alice.post("/friends/sync-keys", json!({})).await.expect(200).body;
    let result = json!({ "handle": peer.handle.as_str(), "updated": false, "error": "signing_key_changed" });
    assert_eq!(synced, json!({ "results": [result] }));
    assert_eq!(first_friend(&alice).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_changed_nothing_is_updated() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = with_friend(&app, &server).await;
    let synced = alice.post("/friends/sync-keys", json!({})).await.expect(200).body;
    assert_eq!(
        synced,
        json!({ "results": [{ "handle": peer.handle.as_str(), "updated": false }] })
    );
    let nobody = app.person("nobody").await;
    assert_eq!(
        nobody.post("/friends/sync-keys", json!({})).await.expect(200).body,
        json!({ "results": [] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friend_of_this_very_server_is_kept_up_with_too() {
    let app = TestApp::start().await;
    let (alice, mut bob) = (app.person("alice").await, app.person("bob").await);
    befriend(&alice, &bob).await;
    bob.register_keys().await;
    let synced = alice.post("/friends/sync-keys", json!({})).await.expect(200).body;
    assert_eq!(synced["results"][0]["updated"], true);
    let identity = bob.get("/users/me/identity").await.expect(200).body;
    assert_eq!(
        first_friend(&alice).await["friendEncryptionKey"],
        identity["encryptionKey"]
    );

    let old = first_friend(&alice).await;
    bob.key = SigningKey::from_seed(&random());
    bob.register_keys().await;
    let synced = alice.post("/friends/sync-keys", json!({})).await.expect(200).body;
    assert_eq!(synced["results"][0]["error"], "signing_key_changed");
    assert_eq!(first_friend(&alice).await, old);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_friend_who_cannot_be_asked_does_not_hide_the_others() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, peer) = with_friend(&app, &server).await;
    let bob = app.person("bob").await;
    befriend(&alice, &bob).await;
    let gone = free_port();
    let move_away =
        format!("UPDATE friendships SET friend_handle = 'peer@127.0.0.1:{gone}' WHERE friend_handle LIKE 'peer@%'");
    crate::support::rows::change(&app, &move_away).await;
    bob.register_keys().await;
    let synced = alice.post("/friends/sync-keys", json!({})).await.expect(200).body;
    let expected = json!([
        { "handle": format!("peer@127.0.0.1:{gone}"), "updated": false, "error": "peer_unreachable" },
        { "handle": bob.handle().as_str(), "updated": true },
    ]);
    assert_eq!(synced["results"], expected, "{}", peer.handle);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_somebody_up_gives_the_document_that_her_server_publishes() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (alice, bob, carol) = (
        one.person("alice").await,
        two.person("bob").await,
        one.person("carol").await,
    );
    for person in [&bob, &carol] {
        let document = alice
            .get(&format!("/friends/resolve/{}", percent(person.handle().as_str())))
            .await
            .expect(200);
        let path = format!("/.well-known/user/{}", person.handle().alias());
        let published = person.app.call(reqwest::Method::GET, &path, None).await.expect(200);
        assert_eq!(document.body, published.body);
        let inbox = format!("http://{}/federation/inbox", person.app.id);
        assert_eq!(
            (&document.body["handle"], &document.body["inbox"]),
            (&json!(person.handle().as_str()), &json!(inbox))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_nobody_up_says_why() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let alice = app.person("alice").await;
    let keyless = app.sign_in("keyless@mail.example").await;
    keyless
        .call(
            reqwest::Method::PATCH,
            "/users/me/alias",
            Some(json!({ "alias": "keyless" })),
        )
        .await
        .expect(200);
    let resolve = async |handle: &str| alice.get(&format!("/friends/resolve/{}", percent(handle))).await;
    resolve(&format!("nobody@{}", app.id))
        .await
        .expect_code(404, "unknown_handle");
    resolve(&format!("keyless@{}", app.id))
        .await
        .expect_code(404, "unknown_handle");
    resolve(server.handle("nobody").as_str())
        .await
        .expect_code(404, "unknown_handle");
    resolve("nonsense").await.expect_code(400, "invalid_handle");
    resolve(&format!("bob@127.0.0.1:{}", free_port()))
        .await
        .expect_code(404, "peer_unreachable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_looks_somebody_up_120_times_a_minute() {
    let app = TestApp::start_with(|_| {}).await;
    let alice = app.person("alice").await;
    let path = format!("/friends/resolve/{}", percent(alice.handle().as_str()));
    let mut refused = None;
    // More than twice as many: a minute may end in between.
    for _ in 0..250 {
        let answer = alice.get(&path).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap().expect_code(429, "too_many_requests");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}
