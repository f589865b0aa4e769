//! What must not be written anywhere: in the database and in the log.

use std::{fs, process::Stdio};

use super::common::*;
use crate::support::program::Program;

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_device_no_code_no_token_and_no_seed_is_in_the_database_files() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let mut texts = app.mailed_codes("alice@mail.example");
    texts.push(alice.token.clone());
    let mut raw: Vec<Vec<u8>> = Vec::new();
    for n in 0..5 {
        let path = format!("/users/me/devices/device-{n}/wrap-secret");
        let secret = alice.get(&path).await.expect(200);
        raw.push(encoding::decode(secret.body["secret"].as_str().unwrap()).unwrap());
        if n == 2 {
            alice
                .post("/users/me/device-wrap-secrets/rotate", Value::Null)
                .await
                .expect(200);
        }
    }
    let key = fs::read_to_string(app.folder.path().join("server-identity.key")).unwrap();
    raw.push(encoding::decode(key.trim()).unwrap());
    let bytes = crate::support::rows::on_disk(&app);
    assert!(
        holds(&bytes, b"alice@mail.example") && holds(&bytes, b"device-4"),
        "these are the right files"
    );
    for secret in raw {
        assert!(!holds(&bytes, &secret) && !holds(&bytes, encoding::encode(&secret).as_bytes()));
    }
    for text in texts {
        assert!(!holds(&bytes, text.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_nothing_that_is_transferred_wrapped_or_kept_secret_is_logged() {
    let mut program = Program::new();
    program.configure = |command| {
        command.env("PARCHMENT_LOG", "trace").stderr(Stdio::piped());
    };
    program.start().await;
    let (token, _) = program.sign_in("alice@mail.example").await;
    let call = |method: Method, path: String, body: Value| {
        let (program, token) = (&program, &token);
        async move { program.call(method, &path, token, body).await.expect(200).body }
    };
    let secret = call(
        Method::GET,
        "/users/me/devices/device-1/wrap-secret".to_owned(),
        Value::Null,
    )
    .await;
    let begun = call(
        Method::POST,
        "/device-transfer".to_owned(),
        json!({ "receiverEphemeralPub": encryption_key() }),
    )
    .await;
    let path = format!("/device-transfer/{}", begun["sessionId"].as_str().unwrap());
    let sent = json!({
        "senderEphemeralPub": encryption_key(),
        "sealedSeed": envelope(),
        "senderSignature": encoding::encode(&random::<64>()),
    });
    call(Method::POST, format!("{path}/upload"), sent.clone()).await;
    call(Method::GET, path, Value::Null).await;
    let blob = envelope();
    call(
        Method::PUT,
        "/me/blobs/notes".to_owned(),
        json!({ "encryptedBlob": blob }),
    )
    .await;
    program.kill();
    let log = program.log();
    assert!(
        log.contains("/device-transfer") && log.contains("wrap-secret"),
        "this is the right log"
    );
    assert!(!log.contains(&token));
    for secret in [
        &secret["secret"],
        &sent["sealedSeed"],
        &sent["senderSignature"],
        &json!(blob),
    ] {
        assert!(!log.contains(secret.as_str().unwrap()));
    }
}
