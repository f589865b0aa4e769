//! Statement 40: the cookie of a session, from its first to its last answer.

use std::collections::BTreeSet;

use parchment_core::handle::Origin;

use super::common::*;
use crate::support::app::Answer;

async fn reached_at(origin: &str) -> TestApp {
    TestApp::start_with(|settings| {
        settings.public_origin = Origin::parse(origin).unwrap();
        settings.rate_limits = Switch::Off;
    })
    .await
}

/// Signs in as a browser does, with this cookie from before.
async fn sign_in_with_cookie(app: &TestApp, email: &str, cookie: Option<&str>) -> Answer {
    let code = ask_for_code(app, email).await;
    let request = app.http.post(app.url("/auth/sessions"));
    let mut request = request
        .header("content-type", "application/json")
        .header("origin", app.settings.public_origin.to_string());
    if let Some(cookie) = cookie {
        request = request.header("cookie", format!("auth_session={cookie}"));
    }
    // The next sign-in waits for a mail of its own.
    let signed_in = answer(request.body(sign_in(email, &code).to_string())).await;
    fs::remove_dir_all(app.folder.path().join("mail")).unwrap();
    fs::create_dir(app.folder.path().join("mail")).unwrap();
    signed_in.expect(201)
}

/// The value of the one cookie that an answer sets, and its attributes.
fn cookie_of(answer: &Answer) -> (String, BTreeSet<String>) {
    let all: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(all.len(), 1, "{all:?}");
    let mut parts = all[0].to_str().unwrap().split("; ").map(str::to_owned);
    let (name, value) = parts
        .next()
        .unwrap()
        .split_once('=')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(name, "auth_session");
    (value, parts.collect())
}

fn attributes(max_age: &str, is_https: bool) -> BTreeSet<String> {
    let all = [max_age, "HttpOnly", "SameSite=Lax", "Path=/"];
    let secure = is_https.then_some("Secure");
    all.into_iter().chain(secure).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_the_cookie_is_for_this_host_no_script_and_no_other_site_and_over_https_only_where_there_is_https() {
    for (origin, is_https) in [
        ("http://localhost:5000", false),
        ("https://home.example", true),
        ("https://home.example:8443", true),
        ("https://localhost:8443", true),
    ] {
        let app = reached_at(origin).await;
        let signed_in = sign_in_with_cookie(&app, "alice@mail.example", None).await;
        let (value, found) = cookie_of(&signed_in);
        assert_eq!(value, signed_in.body["token"], "{origin}");
        // Exactly these: a Domain would share it with other hosts.
        assert_eq!(found, attributes("Max-Age=2592000", is_https), "{origin}");

        let sign_out = app.http.delete(app.url("/auth/sessions")).header("origin", origin);
        let signed_out = answer(sign_out.header("cookie", format!("auth_session={value}")))
            .await
            .expect(204);
        let (cleared, found) = cookie_of(&signed_out);
        assert_eq!(
            (cleared.as_str(), found),
            ("", attributes("Max-Age=0", is_https)),
            "{origin}"
        );
        let after = app
            .http
            .get(app.url("/auth/sessions"))
            .header("cookie", format!("auth_session={value}"));
        answer(after).await.expect_code(401, "signed_out");
        assert_eq!(rows::count::<sessions::Entity>(&app).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_whatever_cookie_comes_with_a_sign_in_the_session_is_new() {
    let app = reached_at("https://home.example").await;
    let first = sign_in_with_cookie(&app, "alice@mail.example", None).await;
    let (own, _) = cookie_of(&first);
    let (mallorys, _) = cookie_of(&sign_in_with_cookie(&app, "mallory@mail.example", None).await);
    // Her own from before, one that somebody else planted, and one that somebody made up.
    let planted = [own.clone(), mallorys.clone(), "0".repeat(64), "fixed".to_owned()];
    let mut seen: BTreeSet<String> = planted.iter().cloned().collect();
    for planted in &planted {
        let (token, _) = cookie_of(&sign_in_with_cookie(&app, "alice@mail.example", Some(planted)).await);
        assert!(token.len() == 64 && seen.insert(token.clone()), "{planted}");
        let current = app.http.get(app.url("/auth/sessions/current"));
        let current = answer(current.header("cookie", format!("auth_session={token}")))
            .await
            .expect(200);
        assert_eq!(current.body["user"]["email"], "alice@mail.example");
    }
    // Whoever planted a cookie is who she was, and what was made up is nobody.
    for (token, expected) in [
        (&mallorys, Some("mallory@mail.example")),
        (&planted[2], None),
        (&planted[3], None),
    ] {
        let current = app.http.get(app.url("/auth/sessions/current"));
        let current = answer(current.header("cookie", format!("auth_session={token}"))).await;
        assert_eq!(current.body["user"]["email"].as_str(), expected);
    }
}
