//! The operator's commands, as the program runs them beside a running server.

use std::process::{Command, Output};

use parchment_server::{
    config::{Registration, Settings},
    store::entities::login_codes,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::roles_of;
use crate::support::{app::TestApp, rows};

/// What a command printed, and whether it succeeded.
struct Ran {
    success: bool,
    printed: String,
    complained: String,
}

impl Ran {
    #[track_caller]
    fn expect(self, success: bool) -> Self {
        assert_eq!(self.success, success, "{}{}", self.printed, self.complained);
        self
    }
}

/// Runs the program with the settings of a server and nothing of the developer's own.
async fn run(settings: &Settings, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
    command
        .args(arguments)
        .env_clear()
        .env("PARCHMENT_DATA_DIR", &settings.data_dir)
        .env("PARCHMENT_PUBLIC_ORIGIN", settings.public_origin.to_string())
        .current_dir(&settings.data_dir);
    if let Some(url) = &settings.database_url {
        command.env("DATABASE_URL", url);
    }
    if settings.registration == Registration::Invite {
        command.env("PARCHMENT_REGISTRATION", "invite");
    }
    let Output { status, stdout, stderr } = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    Ran {
        success: status.success(),
        printed: String::from_utf8(stdout).unwrap(),
        complained: String::from_utf8(stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_code_signs_in_once_and_replaces_the_mailed_one() {
    let app = TestApp::start().await;
    app.sign_in("Alice@mail.example").await;
    rows::change(&app, "DELETE FROM login_codes").await;
    app.call(
        Method::POST,
        "/auth/verify",
        Some(json!({ "email": "alice@mail.example" })),
    )
    .await
    .expect(201);
    let ran = run(&app.settings, &["admin", "login-code", "alice@mail.example"])
        .await
        .expect(true);
    let code = ran.printed.trim();
    assert!(
        code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{}",
        ran.printed
    );
    assert!(
        ran.complained.contains("Alice@mail.example") && !ran.complained.contains(code),
        "{}",
        ran.complained
    );
    let row = rows::all::<login_codes::Entity>(&app).await;
    assert_eq!(row.len(), 1, "the mailed one is replaced");
    let sign_in = || json!({ "method": "otp", "email": "alice@mail.example", "token": code });
    let signed_in = app
        .call(Method::POST, "/auth/sessions", Some(sign_in()))
        .await
        .expect(201);
    assert_eq!(signed_in.body["user"]["email"], "Alice@mail.example");
    let again = app.call(Method::POST, "/auth/sessions", Some(sign_in())).await;
    again.expect_code(401, "otp_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_code_makes_an_account_where_registration_is_open_and_only_there() {
    let app = TestApp::start().await;
    let ran = run(&app.settings, &["admin", "login-code", "first@mail.example"])
        .await
        .expect(true);
    assert!(ran.complained.contains("no account yet"), "{}", ran.complained);
    let body = json!({ "method": "otp", "email": "first@mail.example", "token": ran.printed.trim() });
    app.call(Method::POST, "/auth/sessions", Some(body)).await.expect(201);

    let mut by_invitation = app.settings.clone();
    by_invitation.registration = Registration::Invite;
    let ran = run(&by_invitation, &["admin", "login-code", "second@mail.example"])
        .await
        .expect(false);
    assert!(ran.printed.is_empty(), "{}", ran.printed);
    assert!(
        ran.complained.contains("registration is by invitation"),
        "{}",
        ran.complained
    );
    run(&by_invitation, &["admin", "login-code", "first@mail.example"])
        .await
        .expect(true);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_as_a_table_and_as_json() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.person("alice").await, app.sign_in("bob@mail.example").await);
    super::make_role(&admin, "helper", &[]).await;
    super::set_roles(&admin, &bob, &["user", "helper"]).await;
    run(&app.settings, &["admin", "user", "disable", "bob@mail.example"])
        .await
        .expect(true);
    let table = run(&app.settings, &["admin", "user", "list"])
        .await
        .expect(true)
        .printed;
    let cells: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let today = cells[1][4];
    assert!(today.len() == 10 && today.starts_with("20"), "{table}");
    assert_eq!(cells[0], ["ADDRESS", "ALIAS", "ROLES", "SESSIONS", "SINCE", "STATE"]);
    assert_eq!(cells[1], ["alice@mail.example", "alice", "admin", "1", today, "on"]);
    assert_eq!(cells[2][..4], ["bob@mail.example", "-", "helper,user", "0"]);
    assert_eq!(cells[2][5], "off");
    let places: Vec<Option<usize>> = table
        .lines()
        .map(|line| line.find("on").or_else(|| line.find("off")))
        .collect();
    assert_eq!(places[1], places[2], "in columns:\n{table}");

    let list: Value = serde_json::from_str(
        &run(&app.settings, &["admin", "user", "list", "--json"])
            .await
            .expect(true)
            .printed,
    )
    .unwrap();
    assert_eq!(
        (&list[0]["id"], &list[0]["alias"], &list[0]["disabledAt"]),
        (&json!(admin.id), &json!("alice"), &Value::Null)
    );
    assert_eq!(
        (&list[1]["roles"], &list[1]["sessionCount"]),
        (&json!(["helper", "user"]), &json!(0))
    );
    assert!(list[1]["disabledAt"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_granted_and_revoked_while_the_server_runs() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.person("alice").await, app.sign_in("bob@mail.example").await);
    let user = async |arguments: &[&str]| {
        let all: Vec<&str> = ["admin", "user"].iter().chain(arguments).copied().collect();
        run(&app.settings, &all).await
    };
    user(&["grant", "BOB@mail.example", "admin"]).await.expect(true);
    bob.get("/users").await.expect(200);
    assert_eq!(roles_of(&admin, &bob.id).await, ["admin", "user"]);
    let ran = user(&["grant", "bob@mail.example", "admin"]).await.expect(true);
    assert!(ran.printed.contains("already"), "{}", ran.printed);

    let ran = user(&["grant", "bob@mail.example", "king"]).await.expect(false);
    assert!(
        ran.complained
            .contains("There is no role king; there are admin, alpha, basic,"),
        "{}",
        ran.complained
    );
    let ran = user(&["grant", "carol@mail.example", "admin"]).await.expect(false);
    assert!(
        ran.complained
            .contains("Nobody here has the address carol@mail.example."),
        "{}",
        ran.complained
    );
    user(&["grant", "bob", "admin"]).await.expect(false);

    user(&["revoke", "bob@mail.example", "admin"]).await.expect(true);
    bob.get("/users").await.expect_code(403, "forbidden");
    let ran = user(&["revoke", "bob@mail.example", "admin"]).await.expect(true);
    assert!(ran.printed.contains("does not have"), "{}", ran.printed);
    user(&["revoke", "bob@mail.example", "user"]).await.expect(false);
    assert_eq!(roles_of(&admin, &bob.id).await, ["user"]);

    for arguments in [
        ["revoke", "alice@mail.example", "admin"].as_slice(),
        &["disable", "alice@mail.example"],
    ] {
        let ran = user(arguments).await.expect(false);
        assert!(ran.complained.contains("last admin"), "{}", ran.complained);
    }
    assert_eq!(roles_of(&admin, &admin.id).await, ["admin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_switched_off_and_on_while_the_server_runs() {
    let app = TestApp::start().await;
    let (_admin, bob) = (app.person("alice").await, app.person("bob").await);
    run(&app.settings, &["admin", "user", "disable", "bob@mail.example"])
        .await
        .expect(true);
    bob.get("/auth/sessions").await.expect_code(401, "signed_out");
    let ran = run(&app.settings, &["admin", "login-code", "bob@mail.example"])
        .await
        .expect(false);
    assert!(
        ran.complained.contains("switched off") && ran.printed.is_empty(),
        "{}",
        ran.complained
    );
    let ran = run(&app.settings, &["admin", "user", "enable", "bob@mail.example"])
        .await
        .expect(true);
    assert!(ran.printed.contains("on again"), "{}", ran.printed);
    let code = run(&app.settings, &["admin", "login-code", "bob@mail.example"])
        .await
        .expect(true)
        .printed;
    let body = json!({ "method": "otp", "email": "bob@mail.example", "token": code.trim() });
    app.call(Method::POST, "/auth/sessions", Some(body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_lead_to_no_database_are_said_and_make_none() {
    let folder = tempfile::tempdir().unwrap();
    let settings = parchment_server::testing::settings(folder.path());
    for arguments in [
        ["admin", "user", "list"].as_slice(),
        &["admin", "login-code", "alice@mail.example"],
    ] {
        let ran = run(&settings, arguments).await.expect(false);
        assert!(ran.complained.contains("PARCHMENT_DATA_DIR"), "{}", ran.complained);
        assert_eq!(ran.complained.lines().count(), 1, "a sentence: {}", ran.complained);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_another_key_no_code_is_printed_and_the_one_that_was_mailed_stays() {
    let app = TestApp::start().await;
    app.sign_in("alice@mail.example").await;
    app.call(
        Method::POST,
        "/auth/verify",
        Some(json!({ "email": "alice@mail.example" })),
    )
    .await
    .expect(201);
    let before = rows::all::<login_codes::Entity>(&app).await;
    let path = app.settings.data_dir.join("server-identity.key");
    std::fs::write(&path, parchment_core::encoding::encode(&[7; 32])).unwrap();
    let ran = run(&app.settings, &["admin", "login-code", "alice@mail.example"])
        .await
        .expect(false);
    assert!(
        ran.printed.is_empty() && ran.complained.contains("another key"),
        "{}",
        ran.complained
    );
    assert_eq!(rows::all::<login_codes::Entity>(&app).await, before);
}
