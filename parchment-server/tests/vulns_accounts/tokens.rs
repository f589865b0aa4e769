//! Statement 40: session tokens and the cookie.

use super::common::*;

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_no_token_and_no_code_is_in_the_database_or_its_log() {
    let app = TestApp::start().await;
    let mut secrets = Vec::new();
    for n in 0..5 {
        let email = format!("somebody{n}@mail.example");
        let person = app.sign_in(&email).await;
        secrets.extend(app.mailed_codes(&email));
        secrets.push(person.token.clone());
        secrets.push(ask_for_code(&app, &format!("waiting{n}@mail.example")).await);
    }
    let bytes = rows::on_disk(&app);
    assert!(holds(&bytes, b"somebody4@mail.example"), "these are the right files");
    for secret in secrets {
        assert!(!holds(&bytes, secret.as_bytes()));
        if secret.len() == 64 {
            let raw = from_hex(&secret);
            assert!(!holds(&bytes, &raw) && !holds(&bytes, encoding::encode(&raw).as_bytes()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_every_sign_in_has_a_token_of_its_own_and_ids_are_not_tokens() {
    let app = TestApp::start().await;
    let mut tokens = std::collections::BTreeSet::new();
    for n in 0..20 {
        let person = app.sign_in(&format!("somebody{n}@mail.example")).await;
        assert!(person.token.len() == 64 && person.token.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let list = person.get("/auth/sessions").await.expect(200);
        let id = list.body[0]["id"].as_str().unwrap();
        let by_id = answer(app.http.get(app.url("/auth/sessions")).bearer_auth(id)).await;
        by_id.expect_code(401, "signed_out");
        assert!(!list.text.contains(&person.token));
        tokens.insert(person.token.clone());
    }
    assert_eq!(tokens.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn s40_a_cookie_changes_something_only_with_the_servers_or_the_clients_origin() {
    let app = TestApp::start_with(|settings| {
        settings.client_origin = Some(parchment_core::handle::Origin::parse("https://client.example").unwrap());
    })
    .await;
    let alice = app.sign_in("alice@mail.example").await;
    let own = app.settings.public_origin.to_string();
    let set_alias = |origin: Option<String>, alias: &'static str| {
        let request = app.http.patch(app.url("/users/me/alias"));
        let request = request.header("cookie", format!("theme=dark; auth_session={}", alice.token));
        let request = request.header("content-type", "application/json");
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        answer(request.body(json!({ "alias": alias }).to_string()))
    };
    set_alias(None, "none").await.expect_code(401, "signed_out");
    let foreign = [
        "https://evil.example",
        "https://client.example.evil.example",
        "https://evil-client.example",
        "http://client.example",
        "https://client.example:8443",
        "https://client.example/",
        "null",
    ];
    for origin in foreign {
        let refused = set_alias(Some(origin.to_owned()), "foreign").await;
        assert!([401, 403].contains(&refused.status), "{origin}: {}", refused.status);
    }
    let identity = alice.get("/users/me/identity").await.expect(200).body;
    assert!(identity["handle"].is_null(), "{identity}");
    set_alias(Some("https://client.example".to_owned()), "client")
        .await
        .expect(200);
    set_alias(Some(own), "server").await.expect(200);
}
