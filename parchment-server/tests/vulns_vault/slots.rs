//! Statement 27, the server's part: whose slots are kept, and that they come back as they were signed.

use super::common::*;

const SLOTS: &str = "/users/me/wrapped-keys";

#[tokio::test(flavor = "multi_thread")]
async fn s27_a_slot_that_the_identity_did_not_sign_for_this_user_and_passkey_is_refused() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let (own, other) = (passkey(&app, &alice.id).await, passkey(&app, &alice.id).await);
    let foreign = passkey(&app, &bob.id).await;
    let good = slot(&alice.id, &own, &alice.key);
    alice.post(SLOTS, good.clone()).await.expect(201);
    let with = |member: &str, value: Value| {
        let mut slot = good.clone();
        slot[member] = value;
        slot
    };
    for (refused, code) in [
        (slot(&alice.id, &own, &bob.key), "invalid_slot"),
        (slot(&bob.id, &own, &alice.key), "invalid_slot"),
        (with("credentialId", json!(other)), "invalid_slot"),
        (with("credentialId", json!(format!("{own}="))), "invalid_slot"),
        (with("wrappedKm", json!(envelope())), "invalid_slot"),
        (with("wrappedKm", json!("AgE=")), "invalid_envelope"),
        (with("wrapAlgo", json!("none")), "invalid_slot"),
        (with("slotSignature", json!("AAAA")), "invalid_slot"),
        (slot(&alice.id, &foreign, &alice.key), "foreign_credential"),
        (slot(&alice.id, "AAAA", &alice.key), "foreign_credential"),
    ] {
        alice.post(SLOTS, refused).await.expect_code(422, code);
    }
    alice
        .post(SLOTS, with("wrappedKm", json!(marked(random(), 4097))))
        .await
        .expect_code(413, "record_too_large");
    assert_eq!(rows::count::<wrapped_keys::Entity>(&app).await, 1);

    // What comes back is what she signed, for whoever checks it.
    let listed = alice.get(SLOTS).await.expect(200).body;
    let text = |member: &str| listed["slots"][0][member].as_str().unwrap().to_owned();
    let kept = Slot {
        credential_id: text("credentialId"),
        wrapped_km: text("wrappedKm"),
        wrap_algo: text("wrapAlgo"),
        slot_signature: text("slotSignature"),
    };
    let place = SlotPlace {
        user_id: &text("userId"),
        credential_id: &own,
    };
    assert!(kept.verify(place, &alice.key.verifying_key()).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn s27_a_slot_goes_with_its_passkey_and_others_stay() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let (one, other) = (passkey(&app, &alice.id).await, passkey(&app, &alice.id).await);
    for credential in [&one, &other] {
        alice
            .post(SLOTS, slot(&alice.id, credential, &alice.key))
            .await
            .expect(201);
    }
    let used = alice
        .post(&format!("{SLOTS}/{other}/used"), Value::Null)
        .await
        .expect(200);
    assert_eq!(used.body, json!({ "success": true }));
    alice
        .call(Method::DELETE, &format!("/auth/passkeys/{one}"), None)
        .await
        .expect(204);
    let slots = alice.get(SLOTS).await.expect(200).body["slots"].clone();
    assert_eq!(slots.as_array().unwrap().len(), 1);
    assert_eq!(slots[0]["credentialId"], other);
    assert!(slots[0]["lastUsedAt"].is_string());
    alice
        .call(Method::DELETE, &format!("{SLOTS}/{other}"), None)
        .await
        .expect(200);
    for missing in [&one, &other, "nonsense!"] {
        let path = format!("{SLOTS}/{missing}");
        alice
            .call(Method::DELETE, &path, None)
            .await
            .expect_code(404, "not_found");
    }
}
