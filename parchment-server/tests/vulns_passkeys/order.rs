//! Statement 34: nothing durable before the signature has verified.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s34_an_assertion_that_does_not_verify_changes_nothing() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in(BOB).await);
    let (device, bobs) = (Device::counting(), Device::default());
    alice.register(&device).await;
    bob.register(&bobs).await;
    app.sign_in_with(&device).await.expect(201);
    app.sign_in_with(&device).await.expect(201);

    let options = app.begin().await;
    let mut right = device.claim(&app, &options);
    right.counter = 3;
    // Further than any counter has been, had it been believed.
    let mut claim = right.clone();
    claim.counter = 4_000_000_000;
    claim.flags &= !0x10;
    let mut wrong = Vec::new();
    for member in ["signature", "authenticatorData", "clientDataJSON"] {
        let other = device.assert(&claim);
        let mut answer = device.assert(&right);
        // Each part is genuine, of another assertion.
        answer["response"][member] = other["response"][member].clone();
        if member == "clientDataJSON" {
            let text = String::from_utf8(crate::support::device::decode(&answer["response"][member])).unwrap();
            answer["response"][member] = encode(text.replace("false", "null").as_bytes()).into();
        }
        wrong.push(answer);
    }
    for missing in [0x05, 0x04, 0x01] {
        let mut claim = right.clone();
        claim.flags &= !missing;
        wrong.push(device.assert(&claim));
    }
    let mut claim = right.clone();
    claim.user_handle = bobs.newest().user_handle.map(|handle| handle.to_vec());
    wrong.push(device.assert(&claim));
    let mut claim = right.clone();
    claim.client_data["origin"] = "https://evil.example".into();
    wrong.push(device.assert(&claim));
    let mut claim = right.clone();
    claim.rp_id = "evil.example".into();
    wrong.push(device.assert(&claim));
    let mut claim = right.clone();
    claim.counter = 1;
    wrong.push(device.assert(&claim));
    let mut of_another_key = bobs.assert(&right);
    for member in ["id", "rawId"] {
        of_another_key[member] = device.assert(&right)[member].clone();
    }
    wrong.push(of_another_key);

    let before = snapshot(&app).await;
    for answer in wrong {
        app.finish(&answer).await.expect_code(FAILED.0, FAILED.1);
        assert_eq!(snapshot(&app).await, before);
    }
    app.finish(&device.assert(&right)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s34_a_registration_that_does_not_verify_changes_nothing() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let right = new_passkey(&alice, &Device::default()).await;
    let mut wrong = Vec::new();
    for (member, value) in [("type", "webauthn.get"), ("origin", "https://evil.example")] {
        let data = crate::support::device::decode(&right["response"]["clientDataJSON"]);
        let mut data: Value = serde_json::from_slice(&data).unwrap();
        data[member] = value.into();
        let mut answer = right.clone();
        answer["response"]["clientDataJSON"] = encode(data.to_string().as_bytes()).into();
        wrong.push(answer);
    }
    wrong.push(crate::support::device::with_flags(&right, "localhost", |flags| {
        flags & !0x04
    }));
    let before = snapshot(&app).await;
    for answer in wrong {
        alice.finish_passkey(&answer).await.expect_code(FAILED.0, FAILED.1);
        assert_eq!(snapshot(&app).await, before);
    }
    alice.finish_passkey(&right).await.expect(200);
}
