use parchment_server::store::entities::{login_codes, sessions};
use reqwest::Method;
use serde_json::json;

use super::{new_code, new_code_in, redeem, sign_in, verify};
use crate::support::{app::TestApp, rows};

const ALICE: &str = "alice@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_code_is_answered_with_nothing_and_mails_eight_digits() {
    let app = TestApp::start().await;
    let asked = verify(&app, ALICE).await.expect(201);
    assert_eq!(asked.text, "");
    let code = app.code_for(ALICE).await;
    assert!(
        code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_mail_address_is_refused() {
    let app = TestApp::start().await;
    let long = format!("{}@mail.example", "a".repeat(250));
    for wrong in [
        "",
        "alice",
        "@mail.example",
        "alice@",
        "a b@mail.example",
        "a@b@c",
        "a\r\nBcc: b@c",
        "<a@b.c>",
        &long,
    ] {
        verify(&app, wrong).await.expect_code(422, "invalid_body");
        redeem(&app, wrong, "00000000").await.expect_code(422, "invalid_body");
    }
    assert_eq!(rows::count::<login_codes::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once() {
    let app = TestApp::start().await;
    let code = new_code(&app, ALICE).await;
    redeem(&app, ALICE, &code).await.expect(201);
    redeem(&app, ALICE, &code).await.expect_code(401, "otp_invalid");
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_code_replaces_the_older_and_its_tries() {
    let app = TestApp::start().await;
    let older = new_code(&app, ALICE).await;
    for _ in 0..5 {
        redeem(&app, ALICE, "not it").await.expect_code(401, "otp_invalid");
    }
    let newer = new_code(&app, ALICE).await;
    if older != newer {
        redeem(&app, ALICE, &older).await.expect_code(401, "otp_invalid");
    }
    redeem(&app, ALICE, &newer).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wrong_tries_leave_the_right_one() {
    let app = TestApp::start().await;
    let code = new_code(&app, ALICE).await;
    for wrong in ["", "not it", &code[1..], &format!("{code} ")] {
        redeem(&app, ALICE, wrong).await.expect_code(401, "otp_invalid");
    }
    redeem(&app, ALICE, &code).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_too_late_is_expired_and_a_wrong_one_invalid() {
    let app = TestApp::start().await;
    let code = new_code(&app, ALICE).await;
    let row = rows::all::<login_codes::Entity>(&app).await.remove(0);
    assert_eq!(row.expires_at - row.created_at, 15 * 60 * 1000);
    rows::change(&app, "UPDATE login_codes SET expires_at = created_at").await;
    redeem(&app, ALICE, "not it").await.expect_code(401, "otp_invalid");
    redeem(&app, ALICE, &code).await.expect_code(401, "otp_expired");
    redeem(&app, ALICE, &code).await.expect_code(401, "otp_invalid");
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_its_own_address_in_whatever_case() {
    let app = TestApp::start().await;
    let (alices, bobs) = (new_code(&app, ALICE).await, new_code(&app, "bob@mail.example").await);
    if alices != bobs {
        redeem(&app, "bob@mail.example", &alices)
            .await
            .expect_code(401, "otp_invalid");
    }
    redeem(&app, "nobody@mail.example", &alices)
        .await
        .expect_code(401, "otp_invalid");
    let user = redeem(&app, "ALICE@Mail.Example", &alices).await.expect(201).body["user"].clone();
    assert_eq!(user["email"], "ALICE@Mail.Example");
    // Mail goes to the address of the account, whoever asks in whatever spelling.
    let again = new_code_in(&app, "ALICE@Mail.Example", ALICE).await;
    let same = redeem(&app, ALICE, &again).await.expect(201).body["user"].clone();
    assert_eq!((&same["id"], &same["email"]), (&user["id"], &user["email"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_passkey_ticket_is_good_and_none_uses_up_a_code() {
    let app = TestApp::start().await;
    let code = new_code(&app, ALICE).await;
    for token in [code.as_str(), "ticket", ""] {
        let body = json!({ "method": "passkey", "email": ALICE, "token": token });
        app.call(Method::POST, "/auth/sessions", Some(body))
            .await
            .expect_code(401, "otp_invalid");
    }
    let unknown = json!({ "method": "password", "email": ALICE, "token": code });
    app.call(Method::POST, "/auth/sessions", Some(unknown))
        .await
        .expect_code(422, "invalid_body");
    assert_eq!(rows::all::<login_codes::Entity>(&app).await[0].tries, 0);
    app.call(Method::POST, "/auth/sessions", Some(sign_in(ALICE, &code)))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_outlives_a_restart() {
    let mut app = TestApp::start().await;
    let code = new_code(&app, ALICE).await;
    redeem(&app, ALICE, "not it").await.expect_code(401, "otp_invalid");
    app.restart().await;
    assert_eq!(rows::all::<login_codes::Entity>(&app).await[0].tries, 1);
    redeem(&app, ALICE, &code).await.expect(201);
}
