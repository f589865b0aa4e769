//! Statement 33: where a request comes from.

use super::common::*;

type Headers = Vec<(&'static str, Vec<u8>)>;

/// The address that a sign-in with these headers is recorded under.
async fn recorded_with(app: &TestApp, email: &str, headers: &[(&str, Vec<u8>)]) -> String {
    let code = ask_for_code(app, email).await;
    let mut request = app
        .http
        .post(app.url("/auth/sessions"))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value.as_slice());
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

async fn recorded(app: &TestApp, email: &str, forwarded: &[&str]) -> String {
    let lines: Vec<_> = forwarded
        .iter()
        .map(|line| ("x-forwarded-for", line.as_bytes().to_vec()))
        .collect();
    recorded_with(app, email, &lines).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s33_a_forwarded_address_counts_only_from_trusted_proxies_and_from_the_right() {
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

#[tokio::test(flavor = "multi_thread")]
async fn s33_hostile_headers_move_a_client_nowhere() {
    let app = TestApp::start_with(|settings| {
        settings.trusted_proxies = "127.0.0.1,10.0.0.0/8".parse().unwrap();
        settings.rate_limits = Switch::Off;
    })
    .await;
    let list = |entries: &[&str]| vec![("x-forwarded-for", entries.join(", ").into_bytes())];
    let proxy = "10.0.0.7";
    let cases: Vec<(Headers, &str)> = vec![
        // With a port, as some proxies write it, it is the same client.
        (list(&["1.2.3.4", "9.9.9.9:4711", proxy]), "9.9.9.9"),
        (list(&["1.2.3.4", "[2001:db8::7]:4711", proxy]), "2001:db8::7"),
        (list(&["1.2.3.4", "[2001:db8::7]", proxy]), "2001:db8::7"),
        (list(&["1.2.3.4", "[::ffff:9.9.9.9]:1", proxy]), "9.9.9.9"),
        // What is no address ends the walk at whoever wrote it.
        (list(&["1.2.3.4", "fe80::1%eth0", proxy]), proxy),
        (list(&["1.2.3.4", "[fe80::1%3]:80", proxy]), proxy),
        (list(&["1.2.3.4", "[9.9.9.9]", proxy]), proxy),
        (list(&["1.2.3.4", "9.9.9.9:", proxy]), proxy),
        (list(&["1.2.3.4", "9.9.9.9:99999", proxy]), proxy),
        (list(&["1.2.3.4", "009.9.9.9", proxy]), proxy),
        (list(&["1.2.3.4", "0x9090909", proxy]), proxy),
        (list(&["1.2.3.4", "\"9.9.9.9\"", proxy]), proxy),
        (list(&["1.2.3.4", "", proxy]), proxy),
        (list(&[",,,"]), "127.0.0.1"),
        (vec![("x-forwarded-for", b"9.9.9.9, \xff".to_vec())], "127.0.0.1"),
        (
            vec![
                ("x-forwarded-for", b"1.2.3.4".to_vec()),
                ("x-forwarded-for", b"\xff".to_vec()),
            ],
            "127.0.0.1",
        ),
        // Fifty lines are one list, and 8 KiB of entries are read to the client and no further.
        (
            (0..50)
                .map(|n| ("x-forwarded-for", format!("1.2.3.{n}").into_bytes()))
                .collect(),
            "1.2.3.49",
        ),
        (list(&[&["1.2.3.4"; 900][..], &["9.9.9.9", proxy]].concat()), "9.9.9.9"),
        (list(&[&["9.9.9.9"][..], &[proxy; 800]].concat()), "9.9.9.9"),
        (list(&[proxy; 800]), proxy),
        // No other header says anything.
        (
            vec![
                ("forwarded", b"for=9.9.9.9;proto=https;by=10.0.0.7".to_vec()),
                ("x-real-ip", b"9.9.9.9".to_vec()),
                ("x-client-ip", b"9.9.9.9".to_vec()),
                ("true-client-ip", b"9.9.9.9".to_vec()),
                ("cf-connecting-ip", b"9.9.9.9".to_vec()),
                ("x-forwarded", b"9.9.9.9".to_vec()),
            ],
            "127.0.0.1",
        ),
    ];
    for (n, (headers, expected)) in cases.into_iter().enumerate() {
        let seen = recorded_with(&app, &format!("case{n}@mail.example"), &headers).await;
        assert_eq!(seen, expected, "{n}: {:?}", headers.first());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s33_limits_count_by_the_same_address_that_is_recorded() {
    let app = TestApp::start_with(|settings| {
        settings.trusted_proxies = "127.0.0.1".parse().unwrap();
    })
    .await;
    let ask = async |n: u32, forwarded: String| {
        let request = app.http.post(app.url("/auth/verify"));
        let request = request
            .header("content-type", "application/json")
            .header("x-forwarded-for", forwarded);
        let body = json!({ "email": format!("somebody{n}@mail.example") }).to_string();
        answer(request.body(body)).await.status
    };
    // One client, whatever she or her proxy writes around her address; one /64 network is one client.
    for n in 0..30 {
        let forwarded = match n % 3 {
            0 => format!("1.2.3.{n}, 2001:db8::{n:x}"),
            1 => format!("[2001:db8::{n:x}]:{}", 1000 + n),
            _ => format!("unknown, 2001:db8::{n:x}:1"),
        };
        assert_eq!(ask(n, forwarded).await, 201, "{n}");
    }
    assert_eq!(ask(30, "2001:db8::ffff".to_owned()).await, 429);
    assert_eq!(ask(31, "2001:db8:0:1::1".to_owned()).await, 201);
    let recorded: std::collections::BTreeSet<String> = rows::all::<login_code_sends::Entity>(&app)
        .await
        .into_iter()
        .map(|row| row.client)
        .collect();
    assert_eq!(
        recorded.into_iter().collect::<Vec<_>>(),
        ["2001:db8:0:0::/64", "2001:db8:0:1::/64"]
    );
    // The inbox turns failures away by the same address, for whatever else it stands in the header.
    let bad = async |forwarded: String| {
        let request = app
            .http
            .post(app.url("/federation/inbox"))
            .header("x-forwarded-for", forwarded);
        answer(request.header("content-type", "application/json").body("{}"))
            .await
            .status
    };
    for n in 0..120 {
        assert_eq!(bad(format!("1.2.3.{n}, 9.9.9.9")).await, 422, "{n}");
    }
    assert_eq!(bad("4.4.4.4, 9.9.9.9:1".to_owned()).await, 429);
    assert_eq!(bad("9.9.9.9, 9.9.9.8".to_owned()).await, 422);
}
