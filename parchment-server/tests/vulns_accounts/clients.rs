//! Statement 33: where a request comes from.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s33_a_forwarded_address_counts_only_from_trusted_proxies_and_from_the_right() {
    async fn recorded(app: &TestApp, email: &str, forwarded: &[&str]) -> String {
        let code = ask_for_code(app, email).await;
        let mut request = app
            .http
            .post(app.url("/auth/sessions"))
            .header("content-type", "application/json");
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let signed_in = answer(request.body(sign_in(email, &code).to_string()))
            .await
            .expect(201);
        let token = signed_in.body["token"].as_str().unwrap().to_owned();
        let list = answer(app.http.get(app.url("/auth/sessions")).bearer_auth(token))
            .await
            .expect(200);
        list.body[0]["ipv4"].as_str().unwrap().to_owned()
    }
    let trusting = TestApp::start_with(|settings| {
        settings.trusted_proxies = "127.0.0.1,10.0.0.0/8".parse().unwrap();
    })
    .await;
    let cases: [(&[&str], &str); 8] = [
        (&[], "127.0.0.1"),
        (&["9.9.9.9"], "9.9.9.9"),
        (&["1.2.3.4, 9.9.9.9, 10.0.0.7"], "9.9.9.9"),
        (&["1.2.3.4", "9.9.9.9", "10.0.0.7"], "9.9.9.9"),
        (&["1.2.3.4, unknown, 10.0.0.7"], "10.0.0.7"),
        (&["10.0.0.8,10.0.0.7"], "10.0.0.8"),
        (&["1.2.3.4, ::ffff:9.9.9.9"], "9.9.9.9"),
        (&["1.2.3.4, 2001:db8::7"], "2001:db8::7"),
    ];
    for (n, (forwarded, expected)) in cases.into_iter().enumerate() {
        let seen = recorded(&trusting, &format!("case{n}@mail.example"), forwarded).await;
        assert_eq!(seen, expected, "{forwarded:?}");
    }
    let elsewhere = TestApp::start_with(|settings| {
        settings.trusted_proxies = "10.0.0.0/8".parse().unwrap();
    })
    .await;
    assert_eq!(
        recorded(&elsewhere, "a@mail.example", &["9.9.9.9, 10.0.0.7"]).await,
        "127.0.0.1"
    );
    let wary = TestApp::start().await;
    assert_eq!(recorded(&wary, "a@mail.example", &["9.9.9.9"]).await, "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn s33_a_client_cannot_forge_its_way_round_the_limit_of_codes() {
    let app = TestApp::start_with(|settings| {
        settings.trusted_proxies = "127.0.0.1".parse().unwrap();
    })
    .await;
    let mut statuses = Vec::new();
    for n in 0..31 {
        let request = app
            .http
            .post(app.url("/auth/verify"))
            .header("content-type", "application/json");
        let request = request.header("x-forwarded-for", format!("203.0.113.{n}, 9.9.9.9"));
        let body = json!({ "email": format!("somebody{n}@mail.example") }).to_string();
        statuses.push(answer(request.body(body)).await.status);
    }
    assert_eq!(statuses, [vec![201; 30], vec![429]].concat());
}
