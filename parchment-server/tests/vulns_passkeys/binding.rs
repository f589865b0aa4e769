//! Statement 37: whom an assertion signs in, and with which passkey.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s37_an_assertion_signs_in_the_passkeys_user_and_nobody_else() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in(BOB).await);
    let (hers, his) = (Device::default(), Device::default());
    alice.register(&hers).await;
    bob.register(&his).await;
    let handle = |device: &Device| device.newest().user_handle.map(|handle| handle.to_vec());

    // Bob's key in alice's name.
    let mut claim = his.claim(&app, &app.begin().await);
    claim.user_handle = handle(&hers);
    app.finish(&his.assert(&claim)).await.expect_code(FAILED.0, FAILED.1);
    // Bob's key for alice's passkey, whatever the handle.
    for user_handle in [handle(&hers), handle(&his), None] {
        let mut claim = his.claim(&app, &app.begin().await);
        claim.user_handle = user_handle;
        let mut answer = his.assert(&claim);
        for member in ["id", "rawId"] {
            answer[member] = encode(&hers.newest().credential_id).into();
        }
        app.finish(&answer).await.expect_code(FAILED.0, FAILED.1);
    }
    // One id in one place and another in the other.
    for member in ["id", "rawId"] {
        let mut answer = his.assert(&his.claim(&app, &app.begin().await));
        answer[member] = encode(&hers.newest().credential_id).into();
        app.finish(&answer).await.expect_code(422, "invalid_body");
    }
    for strange in [vec![], vec![0; 16], vec![1; 64], b"alice".to_vec()] {
        let mut claim = his.claim(&app, &app.begin().await);
        claim.user_handle = Some(strange);
        app.finish(&his.assert(&claim)).await.expect_code(FAILED.0, FAILED.1);
    }
    for (device, person) in [(&hers, &alice), (&his, &bob)] {
        let signed_in = app.sign_in_with(device).await.expect(201);
        assert_eq!(signed_in.body["user"]["id"], person.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s37_a_passkey_is_used_only_by_a_verified_user() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    // A browser that was told that verification does not matter.
    let mut options = alice.begin_passkey().await;
    options["authenticatorSelection"]["userVerification"] = "discouraged".into();
    options["extensions"] = json!({});
    let made = device.create(&app.origin(), &options).await.unwrap();
    alice.finish_passkey(&made).await.expect_code(FAILED.0, FAILED.1);

    let device = Device::default();
    alice.register(&device).await;
    let mut options = app.begin().await;
    options["userVerification"] = "discouraged".into();
    options["extensions"] = json!({});
    let got = device.get(&app.origin(), &options).await.unwrap();
    app.finish(&got).await.expect_code(FAILED.0, FAILED.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s37_a_copied_passkey_shows_by_its_counter() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::counting();
    alice.register(&device).await;
    app.sign_in_with(&device).await.expect(201);
    let copy = device.cloned();
    app.sign_in_with(&device).await.expect(201);
    app.sign_in_with(&copy).await.expect_code(FAILED.0, FAILED.1);
    assert_eq!(alice.get("/auth/passkeys").await.body[0]["counter"], 2);
    // Having counted, it counts for ever.
    let claim = device.claim(&app, &app.begin().await);
    app.finish(&device.assert(&claim)).await.expect_code(FAILED.0, FAILED.1);
    app.sign_in_with(&device).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s37_of_two_assertions_that_race_with_one_counter_one_is_taken() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::counting();
    alice.register(&device).await;
    let mut answers = Vec::new();
    for _ in 0..16 {
        let mut claim = device.claim(&app, &app.begin().await);
        claim.counter = 1;
        answers.push(device.assert(&claim));
    }
    let statuses = post_at_once(&app, "/auth/passkeys/authenticate/verify", answers.into_iter()).await;
    assert_eq!(statuses, [(201, 1), (401, 15)].into());
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s37_a_counter_that_goes_back_is_logged_with_the_passkey() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    // The servers of other tests log here too, of other passkeys.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::counting();
    let passkey = alice.register(&device).await;
    let copy = device.cloned();
    app.sign_in_with(&device).await.expect(201);
    let id = passkey["id"].as_str().unwrap();
    let logged = || {
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let line = log
            .lines()
            .find(|line| line.contains("counter went back") && line.contains(id));
        line.map(str::to_owned)
    };
    assert_eq!(logged(), None);
    app.sign_in_with(&copy).await.expect_code(FAILED.0, FAILED.1);
    let line = logged().expect("a line about the passkey");
    assert!(line.contains("WARN") && line.contains(&alice.id), "{line}");
}
