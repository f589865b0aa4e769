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

#[tokio::test(flavor = "multi_thread")]
async fn s32_by_invitation_the_same_rows_are_written_for_an_unknown_address_and_for_a_known_one() {
    let app = TestApp::start_with(|settings| settings.registration = Registration::Invite).await;
    let first = ask_for_code(&app, "first@mail.example").await;
    let body = Some(sign_in("first@mail.example", &first));
    app.call(Method::POST, "/auth/sessions", body).await.expect(201);
    rows::change(&app, "DELETE FROM login_code_sends").await;

    let sizes = |row: &login_codes::Model| (row.code_hash.len(), row.tries, row.expires_at - row.created_at);
    for round in 0..3 {
        for email in ["first@mail.example", "nobody@mail.example"] {
            app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
                .await
                .expect(201);
            let wrong = Some(sign_in(email, "wrong"));
            app.call(Method::POST, "/auth/sessions", wrong)
                .await
                .expect_code(401, "otp_invalid");
        }
        let codes = rows::all::<login_codes::Entity>(&app).await;
        assert_eq!(codes.len(), 2, "{round}");
        assert_eq!(sizes(&codes[0]), sizes(&codes[1]));
        let sends = rows::all::<login_code_sends::Entity>(&app).await;
        let of = |email: &str| sends.iter().filter(|send| send.email_key == email).count();
        assert_eq!(
            (of("first@mail.example"), of("nobody@mail.example")),
            (round + 1, round + 1)
        );
        rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 31000").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s32_no_answer_waits_for_the_mail_server() {
    // It takes connections and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let app = TestApp::start_with(|settings| {
        settings.mail = format!("smtp://127.0.0.1:{port}").parse().unwrap();
        settings.rate_limits = Switch::Off;
    })
    .await;
    let mut held = Vec::new();
    for n in 0..5 {
        let body = json!({ "email": format!("somebody{n}@mail.example") });
        app.call(Method::POST, "/auth/verify", Some(body)).await.expect(201);
        // The mail is on its way, and stays there.
        held.push(silent.accept().await.unwrap());
    }
}
