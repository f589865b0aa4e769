//! What a commit may cost: no more than somebody can have.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s47_more_than_anybody_can_have_is_refused_before_any_of_it_is_looked_at() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let names = |count: usize| (0..count).map(|n| json!(format!("blob-{n}"))).collect::<Vec<_>>();
    let ids = |count: usize| (0..count).map(|_| json!(Uuid::from_u128(1))).collect::<Vec<_>>();
    // Nothing of these would fit, which is not what is complained of.
    let slots = vec![json!({ "credentialId": "?", "wrappedKm": "?", "slotSignature": "?" }); 51];
    let blobs = vec![json!({ "blobType": "?", "encryptedBlob": "?" }); 1001];
    for (member, value) in [
        ("slots", json!(slots)),
        ("blobs", json!(blobs)),
        ("drop", json!({ "blobs": names(1001) })),
        ("drop", json!({ "collections": ids(1001) })),
        ("drop", json!({ "points": ids(20_001) })),
    ] {
        let mut commit = commit_of(&Kept::default(), 1, &alice.key, random());
        commit[member] = value;
        let refused = alice.post(COMMIT, commit).await.expect_code(422, "invalid_body");
        assert!(
            refused.text.contains("nobody can have more than"),
            "{member}: {}",
            refused.text
        );
    }
    let version = alice.get("/users/me/km-version").await.expect(200);
    assert_eq!(version.body["kmVersion"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s47_a_session_rotates_once_at_a_time_and_few_times_a_minute() {
    let app = TestApp::start_with(|settings| settings.rate_limits = parchment_server::config::Switch::On).await;
    let alice = app.person("alice").await;
    let stale = || commit_of(&Kept::default(), 7, &alice.key, random());
    for _ in 0..10 {
        alice.post(COMMIT, stale()).await.expect_code(409, "rotation_conflict");
    }
    alice.post(COMMIT, stale()).await.expect_code(429, "too_many_requests");
    // Without a session no body of such a length is read at all.
    app.call(Method::POST, COMMIT, Some(stale()))
        .await
        .expect_code(401, "signed_out");
}
