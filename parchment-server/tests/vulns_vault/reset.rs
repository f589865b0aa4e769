//! Statement 28: a reset takes the vault with it, and leaves no mixture.

use super::common::*;

async fn reset(person: &Person<'_>) -> Answer {
    let body = json!({ "confirm": "erase-all-my-data" });
    person.post("/users/me/identity/reset", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_a_reset_takes_everything_sealed_and_touches_nobody_else() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    for person in [&alice, &bob] {
        fill(person, 2, 2).await;
        let credential = passkey(&app, &person.id).await;
        let slot = slot(&person.id, &credential, &person.key);
        person.post("/users/me/wrapped-keys", slot).await.expect(201);
        person.get("/users/me/devices/device-1/wrap-secret").await.expect(200);
    }
    reset(&alice).await.expect(200);
    let bobs: Uuid = bob.id.parse().unwrap();
    let blobs = rows::all::<blobs::Entity>(&app).await;
    let collections = rows::all::<collections::Entity>(&app).await;
    let points = rows::all::<points::Entity>(&app).await;
    let slots = rows::all::<wrapped_keys::Entity>(&app).await;
    let secrets = rows::all::<device_secrets::Entity>(&app).await;
    assert_eq!(
        (blobs.len(), collections.len(), points.len(), slots.len(), secrets.len()),
        (2, 1, 2, 1, 1)
    );
    assert!(blobs.iter().all(|row| row.user_id == bobs) && points.iter().all(|row| row.user_id == bobs));
    assert!(collections[0].user_id == bobs && slots[0].user_id == bobs && secrets[0].user_id == bobs);
    assert_eq!(rows::count::<passkeys::Entity>(&app).await, 2, "passkeys stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_what_was_sealed_for_a_lost_identity_is_not_written_after_the_reset() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let credential = passkey(&app, &alice.id).await;
    let late = [
        (
            Method::PUT,
            "/me/blobs/late",
            json!({ "encryptedBlob": envelope(), "kmVersion": 1 }),
            "identity_changed",
        ),
        (Method::POST, "/library/collections", json!({}), "identity_changed"),
        (
            Method::POST,
            "/users/me/wrapped-keys",
            slot(&alice.id, &credential, &alice.key),
            "identity_changed",
        ),
        (
            Method::POST,
            COMMIT,
            commit_of(&Kept::default(), 1, &fresh_key(), random()),
            "rotation_conflict",
        ),
    ];
    for (method, path, body, code) in late {
        alice.register_keys().await;
        let (reset, late) = read_then_write(&app, reset(&alice), alice.call(method, path, Some(body))).await;
        reset.expect(200);
        late.expect_code(409, code);
    }
    let user = rows::all::<users::Entity>(&app).await.remove(0);
    assert_eq!((user.km_version, user.signing_key), (1, None));
    assert_eq!(rows::count::<blobs::Entity>(&app).await, 0);
    assert_eq!(rows::count::<collections::Entity>(&app).await, 0);
    assert_eq!(rows::count::<wrapped_keys::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_removed_takes_everything_with_her() {
    let app = TestApp::start().await;
    let (admin, alice) = (app.person("admin").await, app.person("alice").await);
    fill(&alice, 1, 1).await;
    let credential = passkey(&app, &alice.id).await;
    let slot = slot(&alice.id, &credential, &alice.key);
    alice.post("/users/me/wrapped-keys", slot).await.expect(201);
    alice.get("/users/me/devices/device-1/wrap-secret").await.expect(200);
    let body = json!({ "receiverEphemeralPub": encryption_key() });
    alice.post("/device-transfer", body).await.expect(200);
    admin
        .call(Method::DELETE, &format!("/users/{}", alice.id), None)
        .await
        .expect(204);
    assert_eq!(rows::count::<blobs::Entity>(&app).await, 0);
    assert_eq!(rows::count::<collections::Entity>(&app).await, 0);
    assert_eq!(rows::count::<points::Entity>(&app).await, 0);
    assert_eq!(rows::count::<wrapped_keys::Entity>(&app).await, 0);
    assert_eq!(rows::count::<device_secrets::Entity>(&app).await, 0);
    assert_eq!(rows::count::<device_transfers::Entity>(&app).await, 0);
}
