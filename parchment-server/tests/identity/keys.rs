use parchment_core::{encoding, keys::SigningKey};
use reqwest::Method;
use serde_json::json;

use crate::support::app::{TestApp, random};

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_has_all_its_members_from_the_start() {
    let app = TestApp::start().await;
    let mut alice = app.sign_in("alice@mail.example").await;
    let before = alice.get("/users/me/identity").await.expect(200).body;
    let nothing = json!({ "handle": null, "signingKey": null, "encryptionKey": null, "domain": app.id.as_str() });
    assert_eq!(before, nothing);
    alice.become_somebody("alice").await;
    let after = alice.get("/users/me/identity").await.expect(200).body;
    assert_eq!(after["handle"], format!("alice@{}", app.id));
    assert_eq!(after["signingKey"], alice.key.verifying_key().to_base64());
    assert_eq!(
        encoding::decode(after["encryptionKey"].as_str().unwrap())
            .unwrap()
            .len(),
        32
    );
    assert_eq!(
        (after.as_object().unwrap().len(), &after["domain"]),
        (4, &json!(app.id.as_str()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_published_once_she_has_an_alias_and_a_signing_key() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let look = async || app.call(Method::GET, "/.well-known/user/alice", None).await;
    alice.register_keys().await;
    look().await.expect_code(404, "not_found");
    alice
        .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": "alice" })))
        .await
        .expect(200);
    let document = look().await.expect(200).body;
    assert_eq!(document["signingKey"], alice.key.verifying_key().to_base64());
    assert_eq!(
        document["inbox"],
        format!("{}/federation/inbox", app.settings.public_origin)
    );
    assert!(
        document.get("name").is_none() && document.get("picture").is_none(),
        "{document}"
    );
    let no_key = app.sign_in("bob@mail.example").await;
    no_key
        .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": "bob" })))
        .await
        .expect(200);
    app.call(Method::GET, "/.well-known/user/bob", None)
        .await
        .expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_base64_of_32_bytes_is_no_key() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let before = alice.get("/users/me/identity").await.expect(200).body;
    let good = SigningKey::from_seed(&random()).verifying_key().to_base64();
    let mut url_safe = encoding::encode(&[0xfb; 32]);
    url_safe = url_safe.replace('+', "-").replace('/', "_");
    let wrong = [
        String::new(),
        good.trim_end_matches('=').to_owned(),
        format!(" {good}"),
        format!("{good}\n"),
        url_safe,
        encoding::encode(&[1; 31]),
        encoding::encode(&[1; 33]),
        "00".repeat(32),
        // The last character has bits that no byte has.
        format!("{}B=", "A".repeat(42)),
        "not a key".to_owned(),
    ];
    for wrong in wrong {
        for (signing, encryption) in [(&wrong, &good), (&good, &wrong)] {
            let keys = json!({ "signingKey": signing, "encryptionKey": encryption });
            let refused = alice.call(Method::PUT, "/users/me/keys", Some(keys)).await;
            refused.expect_code(422, "invalid_key");
        }
    }
    assert_eq!(
        alice.get("/users/me/identity").await.expect(200).body,
        before,
        "never one of the two alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_replace_both_old_ones() {
    let app = TestApp::start().await;
    let mut alice = app.person("alice").await;
    let before = alice.get("/users/me/identity").await.expect(200).body;
    alice.key = SigningKey::from_seed(&random());
    alice.register_keys().await;
    let after = alice.get("/users/me/identity").await.expect(200).body;
    assert_eq!(after["signingKey"], alice.key.verifying_key().to_base64());
    assert_ne!(after["encryptionKey"], before["encryptionKey"]);
    let published = app
        .call(Method::GET, "/.well-known/user/alice", None)
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&published["signingKey"], &published["encryptionKey"]),
        (&after["signingKey"], &after["encryptionKey"])
    );
}
