//! Statement 35: challenges are for one purpose and user, once, and for five minutes.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s35_of_racing_answers_to_one_challenge_one_opens_a_session() {
    let app = TestApp::start().await;
    let device = Device::default();
    app.sign_in(ALICE).await.register(&device).await;
    let before = rows::count::<sessions::Entity>(&app).await;
    let answer = answer_of(&app, &device).await;
    let bodies = (0..32).map(|_| answer.clone());
    let statuses = post_at_once(&app, "/auth/passkeys/authenticate/verify", bodies).await;
    assert_eq!(statuses, [(201, 1), (401, 31)].into());
    assert_eq!(rows::count::<sessions::Entity>(&app).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_of_racing_registrations_with_one_challenge_one_is_stored() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let options = alice.begin_passkey().await;
    let mut answers = Vec::new();
    for _ in 0..16 {
        let mut answer = Device::default().create(&app.origin(), &options).await.unwrap();
        withhold(&mut answer);
        answers.push(answer);
    }
    let statuses = at_once(answers.into_iter().map(|answer| {
        let request = app
            .http
            .post(app.url("/auth/passkeys/register/verify"))
            .bearer_auth(&alice.token);
        let request = request
            .header("content-type", "application/json")
            .body(answer.to_string());
        async move { crate::support::app::answer(request).await.status }
    }))
    .await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(rows::count::<passkeys::Entity>(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_an_answer_that_was_taken_is_worth_nothing_again() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let made = new_passkey(&alice, &device).await;
    alice.finish_passkey(&made).await.expect(200);
    let answer = answer_of(&app, &device).await;
    app.finish(&answer).await.expect(201);
    for _ in 0..2 {
        app.finish(&answer).await.expect_code(401, "challenge_not_found");
        alice
            .finish_passkey(&made)
            .await
            .expect_code(401, "challenge_not_found");
    }
    app.sign_in_with(&device).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_a_challenge_is_for_its_purpose_and_its_user() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in(BOB).await);
    let device = Device::default();
    alice.register(&device).await;

    // To register, used to sign in; and the other way round.
    let to_register = alice.begin_passkey().await;
    let mut claim = device.claim(&app, &app.begin().await);
    claim.client_data["challenge"] = to_register["challenge"].clone();
    app.finish(&device.assert(&claim))
        .await
        .expect_code(401, "challenge_not_found");
    let mut options = alice.begin_passkey().await;
    options["challenge"] = app.begin().await["challenge"].clone();
    let mut made = Device::default().create(&app.origin(), &options).await.unwrap();
    withhold(&mut made);
    alice
        .finish_passkey(&made)
        .await
        .expect_code(401, "challenge_not_found");

    // Alice's, used by bob: he has no part in it, and it is still hers.
    let made = new_passkey(&alice, &Device::default()).await;
    bob.finish_passkey(&made).await.expect_code(401, "challenge_not_found");
    alice.finish_passkey(&made).await.expect(200);
    assert_eq!(bob.get("/auth/passkeys").await.body, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_a_challenge_lives_five_minutes() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    alice.register(&device).await;
    let (answer, made) = (
        answer_of(&app, &device).await,
        new_passkey(&alice, &Device::default()).await,
    );
    let rest = "UPDATE passkey_challenges SET expires_at = expires_at - 290000";
    rows::change(&app, rest).await;
    let living = (
        answer_of(&app, &device).await,
        new_passkey(&alice, &Device::default()).await,
    );
    rows::change(&app, "UPDATE passkey_challenges SET expires_at = expires_at - 10001").await;
    app.finish(&answer).await.expect_code(401, "challenge_not_found");
    alice
        .finish_passkey(&made)
        .await
        .expect_code(401, "challenge_not_found");
    app.finish(&living.0).await.expect(201);
    alice.finish_passkey(&living.1).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_the_caller_chooses_no_challenge() {
    let app = TestApp::start().await;
    let device = Device::default();
    app.sign_in(ALICE).await.register(&device).await;
    let right = device.claim(&app, &app.begin().await);
    let own = encode(&crate::support::app::random::<32>());
    for challenge in [json!(own), json!(""), json!("AA"), json!("no base64url"), json!("AA==")] {
        let mut claim = right.clone();
        claim.client_data["challenge"] = challenge;
        app.finish(&device.assert(&claim))
            .await
            .expect_code(401, "challenge_not_found");
    }
    for challenge in [json!(null), json!(7), json!([own]), json!({ "a": own })] {
        let mut claim = right.clone();
        claim.client_data["challenge"] = challenge;
        app.finish(&device.assert(&claim)).await.expect_code(FAILED.0, FAILED.1);
    }
    // Nor does a body bring its own options along.
    let mut answer = device.assert(&right);
    answer["challenge"] = own.clone().into();
    answer["expectedChallenge"] = own.into();
    app.finish(&answer).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s35_malformed_answers_take_nobodys_challenge() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in(BOB).await);
    let (device, bobs) = (Device::default(), Device::default());
    alice.register(&device).await;
    bob.register(&bobs).await;
    let answer = answer_of(&app, &device).await;
    // Bob saw alice's challenge and answers it, well and badly.
    let mut his = vec![json!({}), json!({ "response": answer["response"] })];
    for member in ["authenticatorData", "signature"] {
        for value in [json!(""), json!("AA"), json!("!"), json!(null)] {
            let mut spoilt = answer.clone();
            spoilt["response"][member] = value;
            his.push(spoilt);
        }
    }
    let mut unknown = answer.clone();
    for member in ["id", "rawId"] {
        unknown[member] = "AAAAAAAAAAAAAAAAAAAAAA".into();
    }
    his.push(unknown);
    let mut of_his = answer.clone();
    for member in ["id", "rawId"] {
        of_his[member] = bobs.assert(&bobs.claim(&app, &app.begin().await))[member].clone();
    }
    his.push(of_his);
    for body in his {
        let refused = app.finish(&body).await;
        assert!([401, 422].contains(&refused.status), "{}", refused.text);
    }
    app.finish(&answer).await.expect(201);
}
