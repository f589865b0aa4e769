use std::{env, fs, path::Path};

use serde_json::json;

use crate::support::{app::TestApp, browser::Browser};

/// Nothing was complained about, forbidden, or asked of anybody else.
async fn assert_clean(browser: &Browser, app: &TestApp) {
    let complaints = browser.log("browser").await;
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert_eq!(browser.run("return window.forbidden;").await, json!([]));
    let own = format!("{}/", app.settings.public_origin);
    let requested = browser.requested().await;
    assert!(
        requested.iter().any(|url| *url == format!("{own}docs")),
        "{requested:#?}"
    );
    let elsewhere: Vec<_> = requested
        .iter()
        .filter(|url| !url.starts_with(&own) && !url.starts_with("data:"))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

/// Opens an operation, tries it as it stands, and waits for this status.
async fn try_out(browser: &Browser, operation: &str, status: u16) {
    browser.click(&format!("{operation} .opblock-summary-control")).await;
    browser.click(&format!("{operation} .try-out__btn")).await;
    browser.click(&format!("{operation} .execute")).await;
    let shown = format!("{operation} .live-responses-table tr.response .response-col_status");
    browser
        .wait_for(&format!(
            "document.querySelector({shown:?})?.innerText.trim().startsWith('{status}')"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_every_operation_and_tries_one_without_any_network_but_the_server() {
    let Some(browser) = Browser::start().await else { return };
    let app = TestApp::start().await;
    browser.open(&format!("{}/docs", app.settings.public_origin)).await;
    browser
        .wait_for("document.querySelectorAll('.opblock').length > 0")
        .await;
    let document: serde_json::Value = serde_json::from_str(&parchment_server::openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let shown = paths.flat_map(|operations| operations.as_object().unwrap().values());
    // An operation stands under each of its tags.
    let expected: usize = shown.map(|operation| operation["tags"].as_array().unwrap().len()).sum();
    let blocks = browser
        .run("return document.querySelectorAll('.opblock').length;")
        .await;
    assert_eq!(blocks, json!(expected));

    try_out(&browser, "#operations-Federation-getManifest", 200).await;
    let seen = "return document.querySelector('#operations-Federation-getManifest .live-responses-table').innerText;";
    let seen = browser.run(seen).await;
    assert!(seen.as_str().unwrap().contains(app.id.as_str()), "{seen}");
    // The picture of docs/api.md is renewed only when this is asked for.
    if env::var_os("PARCHMENT_SCREENSHOTS").is_some() {
        let tried = "document.querySelector('#operations-Federation-getManifest .opblock-summary').scrollIntoView();";
        browser.run(tried).await;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images/api.png");
        fs::write(path, browser.screenshot().await).unwrap();
    }
    assert_clean(&browser, &app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_on_the_page_changes_things_by_the_cookie() {
    let Some(browser) = Browser::start().await else { return };
    let app = TestApp::start().await;
    browser.open(&format!("{}/docs", app.settings.public_origin)).await;
    let post = |path: &str, body: serde_json::Value| {
        format!(
            "return fetch('{path}', {{ method: 'POST', headers: {{ 'content-type': 'application/json' }}, \
             body: JSON.stringify({body}) }}).then(answer => answer.status);"
        )
    };
    let ask = post("/auth/verify", json!({ "email": "alice@mail.example" }));
    assert_eq!(browser.run(&ask).await, json!(201));
    let code = app.code_for("alice@mail.example").await;
    let sign_in = json!({ "method": "otp", "email": "alice@mail.example", "token": code });
    assert_eq!(browser.run(&post("/auth/sessions", sign_in)).await, json!(201));

    // The example of the document is what is sent.
    try_out(&browser, "#operations-Users-changeProfile", 200).await;
    let first_name =
        "return fetch('/auth/sessions/current').then(answer => answer.json()).then(it => it.user.firstName);";
    assert_eq!(browser.run(first_name).await, json!("Alice"));
    assert_clean(&browser, &app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_the_page_stops_what_is_not_its_own() {
    let Some(browser) = Browser::start().await else { return };
    let app = TestApp::start().await;
    browser.open(&format!("{}/docs", app.settings.public_origin)).await;
    browser
        .wait_for("document.querySelectorAll('.opblock').length > 0")
        .await;
    let attempts = "const script = document.createElement('script'); script.textContent = 'window.ran = true'; \
                    document.body.append(script); \
                    const style = document.createElement('style'); style.textContent = 'body { display: none }'; \
                    document.body.append(style); \
                    const image = new Image(); image.src = 'http://elsewhere.example/leak'; \
                    return fetch('http://elsewhere.example/').catch(() => 'refused').then(said => \
                        [said, window.ran === undefined, getComputedStyle(document.body).display !== 'none']);";
    assert_eq!(browser.run(attempts).await, json!(["refused", true, true]));
    browser.wait_for("window.forbidden.length >= 4").await;
}
