use parchment_core::encoding::encode;
use parchment_server::store::entities::passkey_challenges;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    app::{Person, TestApp},
    device::{Device, decode, withhold},
    rows,
};

const ALICE: &str = "alice@mail.example";

/// Keeps a recovery slot for a passkey of somebody who has no identity yet, by which it could be checked.
async fn keep_slot(person: &Person<'_>, credential: &Value) {
    let mut envelope = vec![7; 40];
    envelope[..2].copy_from_slice(&[2, 1]);
    let slot = json!({
        "credentialId": credential,
        "wrappedKm": encode(&envelope),
        "slotSignature": encode(&[7; 64]),
    });
    person.post("/users/me/wrapped-keys", slot).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_has_one_prf_output_in_every_ceremony_and_each_has_its_own() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let mut outputs = Vec::new();
    for device in [Device::default(), Device::default()] {
        let mut made = device
            .create(&app.origin(), &alice.begin_passkey().await)
            .await
            .unwrap();
        let registered = withhold(&mut made).unwrap();
        let id = alice.finish_passkey(&made).await.expect(200).body["id"].clone();
        let enroll = format!("/auth/passkeys/{}/prf-enroll/options", id.as_str().unwrap());
        let enroll = alice.call(Method::POST, &enroll, None).await.expect(200).body;
        assert_eq!(enroll["allowCredentials"].as_array().unwrap().len(), 1);
        assert_eq!(enroll["allowCredentials"][0]["id"], id);
        keep_slot(&alice, &id).await;
        let unlock = alice
            .call(Method::POST, "/auth/passkeys/prf-assert/options", None)
            .await;
        let unlock = unlock.expect(200).body;
        for options in [app.begin().await, enroll, unlock] {
            assert_eq!(
                (&options["rpId"], &options["userVerification"]),
                (&json!("localhost"), &json!("required"))
            );
            let mut got = device.get(&app.origin(), &options).await.unwrap();
            assert_eq!(withhold(&mut got).unwrap(), registered);
        }
        assert_eq!(registered.len(), 32);
        outputs.push(registered);
    }
    assert_ne!(outputs[0], outputs[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_for_an_output_sign_nobody_in_and_leave_no_row() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    alice
        .post("/auth/passkeys/prf-assert/options", Value::Null)
        .await
        .expect_code(404, "not_found");
    let device = Device::default();
    let passkey = alice.register(&device).await;
    alice
        .post("/auth/passkeys/prf-assert/options", Value::Null)
        .await
        .expect_code(404, "not_found");
    keep_slot(&alice, &passkey["id"]).await;
    let options = alice
        .call(Method::POST, "/auth/passkeys/prf-assert/options", None)
        .await
        .expect(200)
        .body;
    assert_eq!(decode(&options["challenge"]).len(), 32);
    assert_eq!(rows::count::<passkey_challenges::Entity>(&app).await, 0);
    let mut got = device.get(&app.origin(), &options).await.unwrap();
    withhold(&mut got);
    app.finish(&got).await.expect_code(401, "challenge_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_a_client_sends_is_refused_and_stored_nowhere() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let made = device
        .create(&app.origin(), &alice.begin_passkey().await)
        .await
        .unwrap();
    alice.finish_passkey(&made).await.expect_code(422, "prf_output_sent");
    let mut good = made.clone();
    let secret = withhold(&mut good).unwrap();
    // Nothing was lost: the same answer is taken without the output, and with empty places for it.
    good["clientExtensionResults"]["prf"]["results"] = json!({ "first": {} });
    alice.finish_passkey(&good).await.expect(200);

    let got = device.get(&app.origin(), &app.begin().await).await.unwrap();
    let refused = app.finish(&got).await.expect_code(422, "prf_output_sent");
    let sent = got["clientExtensionResults"]["prf"]["results"]["first"]
        .as_str()
        .unwrap();
    assert!(!refused.text.contains(sent));
    let mut good = got.clone();
    withhold(&mut good);
    app.finish(&good).await.expect(201);

    for file in std::fs::read_dir(app.folder.path()).unwrap().flatten() {
        let Ok(bytes) = std::fs::read(file.path()) else {
            continue;
        };
        for needle in [secret.as_slice(), sent.as_bytes()] {
            assert!(
                !bytes.windows(needle.len()).any(|window| window == needle),
                "{:?}",
                file.path()
            );
        }
    }
}
