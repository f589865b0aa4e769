//! The client in a real browser, on a page of another origin than the server's: the example `browser`, as WebAssembly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{path::Path, process::Command};

use parchment_core::{encoding, handle::Origin};
use poem::{Response, endpoint::make, http::StatusCode};
use serde_json::json;
use support::{
    app::free_port,
    browser::Browser,
    front::{Front, Whim},
};
use wasm_bindgen_cli_support::Bindgen;

const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><title>A page</title>
<script type="module">
import init, * as parchment from "./browser.js";
await init({ module_or_path: "./browser_bg.wasm" });
window.parchment = parchment;
</script>"#;

/// Builds the example and writes what a page needs into a folder; false where that cannot be done.
fn build(folder: &Path) -> bool {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "parchment-client",
            "--example",
            "browser",
        ])
        .args(["--target", "wasm32-unknown-unknown", "--message-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // What the tests themselves are built with is not for another target.
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    if !built.status.success() {
        let required = std::env::var_os("PARCHMENT_REQUIRE_SERVICES").is_some_and(|required| required == "1");
        let errors = String::from_utf8_lossy(&built.stderr);
        assert!(!required && errors.contains("target may not be installed"), "{errors}");
        eprintln!("passed over: rustup target add wasm32-unknown-unknown");
        return false;
    }
    let messages = String::from_utf8(built.stdout).unwrap();
    let program = messages.lines().rev().find_map(|message| {
        let message: serde_json::Value = serde_json::from_str(message).unwrap();
        let files = message["filenames"].as_array()?.iter().filter_map(|file| file.as_str());
        files
            .into_iter()
            .find(|file| file.ends_with("browser.wasm"))
            .map(str::to_owned)
    });
    let mut bindings = Bindgen::new();
    bindings
        .input_path(program.expect("cargo names what it built"))
        .typescript(false);
    bindings.web(true).unwrap().generate(folder).unwrap();
    true
}

/// Serves a folder and the page, on an origin of its own.
fn serve(folder: &Path, port: u16) {
    let folder = folder.to_owned();
    let files = make(move |request| {
        let name = request.uri().path().trim_start_matches('/').to_owned();
        let folder = folder.clone();
        async move {
            let (content_type, content) = match name.as_str() {
                "" => ("text/html", PAGE.as_bytes().to_vec()),
                name => match std::fs::read(folder.join(name)) {
                    Ok(content) if name.ends_with(".js") => ("text/javascript", content),
                    Ok(content) => ("application/wasm", content),
                    Err(_) => return Ok(Response::builder().status(StatusCode::NOT_FOUND).finish()),
                },
            };
            Ok::<_, poem::Error>(Response::builder().content_type(content_type).body(content))
        }
    });
    tokio::spawn(poem::Server::new(poem::listener::TcpListener::bind(("127.0.0.1", port))).run(files));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_signs_in_keeps_something_and_is_told_what_went_wrong() {
    let Some(browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    if !build(folder.path()) {
        return;
    }
    let port = free_port();
    let page = format!("http://localhost:{port}");
    serve(folder.path(), port);
    let origin = Origin::parse(&page).unwrap();
    let home = Front::start_with(|settings| settings.client_origin = Some(origin)).await;
    browser.open(&page).await;
    browser.wait_for("window.parchment").await;

    let (server, email) = (json!(home.origin), "alice@mail.example");
    browser
        .run(&format!("return await parchment.request_code({server}, '{email}');"))
        .await;
    let code = home.code_after(email, 0).await;
    let wrong = format!("return await parchment.sign_in({server}, '{email}', '00000000').catch(code => code);");
    assert_eq!(browser.run(&wrong).await, "otp_invalid");
    let sign_in = format!("window.alice = await parchment.sign_in({server}, '{email}', '{code}');");
    browser.run(&sign_in).await;
    assert_eq!(browser.run("return await alice.who();").await, email);

    let mut envelope = vec![7; 40];
    envelope[..2].copy_from_slice(&[2, 1]);
    let envelope = encoding::encode(&envelope);
    // A request that is repeated waits on the browser's clock.
    home.whims(&[Whim::Answer(429), Whim::Answer(429)]);
    browser.run(&format!("await alice.keep('theme', '{envelope}');")).await;
    assert!(home.hits() >= 3, "{}", home.hits());
    assert_eq!(browser.run("return await alice.kept('theme');").await, json!(envelope));
    assert_eq!(
        browser.run("return (await alice.kept('nothing')) ?? null;").await,
        json!(null)
    );
    assert_eq!(browser.run("return await alice.blobs();").await, json!(["theme"]));
    let not_sealed = "return await alice.keep('theme', 'AAAA').catch(code => code);";
    assert_eq!(browser.run(not_sealed).await, "invalid_envelope");
    let elsewhere = "return await parchment.request_code('http://home.example', 'a@b').catch(text => text);";
    assert!(browser.run(elsewhere).await.as_str().unwrap().contains("use https"));
    let nowhere = format!(
        "return await parchment.request_code('http://localhost:{}', 'a@b').catch(text => text);",
        free_port()
    );
    assert!(browser.run(&nowhere).await.as_str().unwrap().contains("gave no answer"));
    browser.run("await alice.sign_out();").await;
}
