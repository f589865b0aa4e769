//! Statements 30 and 31: tries and uses of a sign-in code.

use super::common::*;

const THOUSAND: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn s30_a_thousand_wrong_codes_at_once_use_up_five_tries_and_the_code() {
    for switch in [Switch::On, Switch::Off] {
        let app = limits(switch).await;
        let code = ask_for_code(&app, "alice@mail.example").await;
        let bodies = wrong_codes(&code, THOUSAND).map(|wrong| sign_in("alice@mail.example", &wrong));
        let statuses = post_at_once(&app, "/auth/sessions", bodies).await;
        assert!(
            statuses.keys().all(|status| [401, 503].contains(status)),
            "{statuses:?}"
        );
        assert!(statuses.get(&401) >= Some(&5), "{statuses:?}");
        let tries: Vec<i32> = rows::all::<login_codes::Entity>(&app)
            .await
            .iter()
            .map(|row| row.tries)
            .collect();
        assert_eq!(tries, [5]);
        let right = Some(sign_in("alice@mail.example", &code));
        app.call(Method::POST, "/auth/sessions", right)
            .await
            .expect_code(401, "otp_invalid");
        assert_eq!(rows::count::<sessions::Entity>(&app).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_an_address_has_fifty_tries_a_day() {
    let app = limits(Switch::On).await;
    let (email, mut tries) = ("alice@mail.example", 0);
    let verify = || app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })));
    for _ in 0..10 {
        verify().await.expect(201);
        for code in 0..8 {
            let body = sign_in(email, &format!("{code:08}"));
            app.call(Method::POST, "/auth/sessions", Some(body))
                .await
                .expect_code(401, "otp_invalid");
        }
        tries += rows::all::<login_codes::Entity>(&app).await[0].tries;
        rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 31000").await;
    }
    assert_eq!(tries, 50);
    let refused = verify().await.expect_code(429, "too_many_requests");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((80_000..=86_400).contains(&wait), "{wait}");
    assert_eq!(rows::count::<login_code_sends::Entity>(&app).await, 10);

    rows::change(&app, "UPDATE login_code_sends SET sent_at = sent_at - 86400000").await;
    verify().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_a_thousand_right_codes_at_once_open_one_session() {
    for switch in [Switch::On, Switch::Off] {
        let app = limits(switch).await;
        let code = ask_for_code(&app, "alice@mail.example").await;
        let bodies = (0..THOUSAND).map(|_| sign_in("alice@mail.example", &code));
        let statuses = post_at_once(&app, "/auth/sessions", bodies).await;
        assert_eq!(statuses.get(&201), Some(&1), "{statuses:?}");
        assert!(
            statuses.keys().all(|status| [201, 401, 503].contains(status)),
            "{statuses:?}"
        );
        assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
        assert_eq!(rows::count::<users::Entity>(&app).await, 1);
        assert_eq!(rows::count::<user_roles::Entity>(&app).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_racing_sign_ins_over_real_connections_open_one_session_too() {
    let app = TestApp::start().await;
    let code = ask_for_code(&app, "alice@mail.example").await;
    let statuses = at_once((0..50).map(|_| {
        let request = app
            .http
            .post(app.url("/auth/sessions"))
            .header("content-type", "application/json");
        let request = request.body(sign_in("alice@mail.example", &code).to_string());
        async move { answer(request).await.status }
    }))
    .await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
}
