//! Statement 32: how many codes are mailed, and to whom.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s32_an_address_gets_one_code_in_thirty_seconds_however_it_is_spelled() {
    let app = limits(Switch::On).await;
    let verify = |email: &'static str| app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })));
    verify("alice@mail.example").await.expect(201);
    let refused = verify("Alice@Mail.Example").await.expect_code(429, "too_many_requests");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    verify("bob@mail.example").await.expect(201);
    rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 30000").await;
    verify("ALICE@mail.example").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_a_client_gets_thirty_codes_an_hour_for_however_many_addresses() {
    let app = limits(Switch::On).await;
    let bodies = (0..40).map(|n| json!({ "email": format!("somebody{n}@mail.example") }));
    let statuses = post_at_once(&app, "/auth/verify", bodies).await;
    assert_eq!(statuses, [(201, 30), (429, 10)].into());
    assert_eq!(rows::count::<login_codes::Entity>(&app).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_by_invitation_an_unknown_address_is_answered_like_a_known_one_and_mailed_nothing() {
    let app = TestApp::start_with(|settings| settings.registration = Registration::Invite).await;
    let first = ask_for_code(&app, "first@mail.example").await;
    let body = Some(sign_in("first@mail.example", &first));
    app.call(Method::POST, "/auth/sessions", body).await.expect(201);
    rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 31000").await;

    let verify = |email: &'static str| app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })));
    let (known, unknown) = (verify("first@mail.example").await, verify("nobody@mail.example").await);
    assert_eq!((known.status, &known.text), (201, &unknown.text));
    assert_eq!(unknown.status, 201);
    let names = |answer: &crate::support::app::Answer| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&known), names(&unknown));
    let again = (verify("first@mail.example").await, verify("nobody@mail.example").await);
    assert_eq!((again.0.status, again.0.code()), (again.1.status, again.1.code()));

    // A try is answered alike too, and nobody comes in even by guessing right.
    for email in ["first@mail.example", "nobody@mail.example"] {
        let body = sign_in(email, "not it");
        app.call(Method::POST, "/auth/sessions", Some(body))
            .await
            .expect_code(401, "otp_invalid");
    }
    // Mail is written beside the answers: the one that is due is there before the other could be missed.
    while app.mailed_codes("first@mail.example").len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(app.mailed_codes("nobody@mail.example").is_empty());
    assert_eq!(rows::count::<users::Entity>(&app).await, 1);
}
