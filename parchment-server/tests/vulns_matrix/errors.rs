//! Statement 44: what error bodies never say, whatever is sent.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};

use super::document::{Auth, Operation, document, leaves, operations, put, resolved, sample};
use crate::support::app::{Answer, Person, TestApp, answer};

/// Texts that were trouble elsewhere.
fn hostile_texts() -> Vec<String> {
    [
        "' OR '1'='1",
        "\"; --",
        "%' UNION ALL",
        "../../../../etc/passwd",
        "..\\..\\windows",
        "file:///etc/hosts",
        "a\u{0}b",
        "\u{1b}[31m\r\nSet-Cookie: a=b",
        "\u{202e}\u{feff}\u{fffd}",
        "<script>alert(1)</script>",
        "${jndi:ldap://localhost/a}",
        "{{7*7}}",
        "",
        " ",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["x".repeat(100_000), "\u{1f600}".repeat(5_000), "9".repeat(400)])
    .collect()
}

/// Values of other types than any member has.
fn hostile_values() -> Vec<Value> {
    let mut values: Vec<Value> = hostile_texts().into_iter().map(Value::String).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!([]),
        json!([[[[]]]]),
        json!({}),
        json!({ "$ne": null }),
        json!(vec![0; 2_000]),
    ]);
    values
}

/// Words that would betray how or where things are kept.
async fn betrayals(app: &TestApp) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = [
        "select ",
        "insert ",
        "update ",
        "delete from",
        "constraint",
        "syntax error",
        "sqlite",
        "postgres",
        "sqlx",
        "sea_orm",
        "sea-orm",
        "rusqlite",
        "database",
        "panicked",
        "unwrap",
        "stack backtrace",
        ".rs:",
        "src/",
        "/tmp",
        "/home",
        "/root",
        "parchment.db",
        ".key",
        "tokio",
        "hyper",
        "serde",
    ]
    .map(str::to_owned)
    .into();
    words.insert(app.folder.path().display().to_string());
    let reader = app.app().store.reader();
    let names = match reader.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_master UNION SELECT column.name FROM sqlite_master AS m, pragma_table_info(m.name) AS column"
        }
        _ => {
            "SELECT relname::text AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace UNION \
             SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema()"
        }
    };
    let statement = Statement::from_string(reader.get_database_backend(), names);
    let rows = app.app().store.reader().query_all_raw(statement).await.unwrap();
    let names = rows.iter().map(|row| row.try_get::<String>("", "name").unwrap());
    // Tables and columns of one English word are English words; names of headers and members are public.
    let document = document().to_string();
    words.extend(names.filter(|name| name.contains('_') && !document.contains(&format!("\"{name}\""))));
    assert!(words.contains("login_codes") && words.contains("user_id"), "{words:?}");
    words
}

/// What nobody is told: where it comes from and how it is called.
fn secrets(app: &TestApp, alice: &Person<'_>, code: &str) -> Vec<(&'static str, String)> {
    let key = std::fs::read(app.folder.path().join("server-identity.key")).unwrap();
    vec![
        ("her token", alice.token.clone()),
        ("a code", code.to_owned()),
        ("the server's key", String::from_utf8_lossy(&key).trim().to_owned()),
    ]
}

/// The codes of errors that the document has: public, whatever they are called.
fn codes() -> BTreeSet<String> {
    let document = document();
    let operations = document["paths"].as_object().unwrap().values();
    let responses = operations
        .flat_map(|operations| operations.as_object().unwrap().values())
        .flat_map(|operation| operation["responses"].as_object().unwrap());
    let refusals = responses.filter(|(status, _)| status.as_str() >= "400");
    refusals
        .map(|(_, response)| response["description"].as_str().unwrap())
        .flat_map(|description| description.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

struct Watch {
    betrayals: BTreeSet<String>,
    codes: BTreeSet<String>,
    secrets: Vec<(&'static str, String)>,
    seen: usize,
}

impl Watch {
    fn look(&mut self, answer: &Answer, what: &str) {
        assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text);
        if answer.status < 400 {
            return;
        }
        self.seen += 1;
        let members = answer
            .body
            .as_object()
            .unwrap_or_else(|| panic!("{what}: {}", answer.text));
        let (mut said, code) = (members.clone(), answer.code());
        for name in members.keys() {
            let known = ["code", "message", "supported_protocol_versions"].contains(&name.as_str());
            // It lists what the caller keeps herself.
            let own = (name.as_str(), code) == ("missing", "rotation_incomplete");
            assert!(known || own, "{what}: {name}");
        }
        assert!(
            self.codes.contains(code),
            "{what}: no code of the document: {}",
            answer.text
        );
        said.remove("code");
        assert!(answer.text.len() < 1_000, "{what}: it echoes: {}", answer.text);
        assert!(!answer.text.chars().any(char::is_control), "{what}: {:?}", answer.text);
        let text = Value::Object(said).to_string().to_lowercase();
        let betrayed = self.betrayals.iter().find(|word| text.contains(*word));
        assert!(betrayed.is_none(), "{what}: {betrayed:?}: {}", answer.text);
        for (name, secret) in &self.secrets {
            assert!(!secret.is_empty() && !answer.text.contains(secret), "{what}: {name}");
        }
    }
}

async fn send(person: &Person<'_>, operation: &Operation, path: &str, body: Option<&Value>) -> Answer {
    person.call(operation.method.clone(), path, body.cloned()).await
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s44_no_error_betrays_how_things_are_kept_whatever_a_body_has() {
    let app = TestApp::start().await;
    let mut alice = app.person("alice").await;
    app.call(
        reqwest::Method::POST,
        "/auth/verify",
        Some(json!({ "email": "bob@mail.example" })),
    )
    .await
    .expect(201);
    let code = app.code_for("bob@mail.example").await;
    let mut watch = Watch {
        betrayals: betrayals(&app).await,
        codes: codes(),
        secrets: secrets(&app, &alice, &code),
        seen: 0,
    };
    let document = document();
    for operation in operations() {
        let Some(schema) = &operation.body else { continue };
        let (body, path) = (
            sample(schema, &document),
            operation.path_with("01890000-0000-7000-8000-000000000000"),
        );
        if alice.get("/auth/sessions").await.status != 200 {
            alice = app.sign_in("alice@mail.example").await;
        }
        for whole in [json!([]), json!("text"), json!(1), json!(null)] {
            let answered = send(&alice, &operation, &path, Some(&whole)).await;
            watch.look(&answered, &format!("{} with {whole}", operation.name()));
        }
        for place in leaves(schema, &document, "") {
            for value in hostile_values() {
                let mut altered = body.clone();
                put(&mut altered, &place, value.clone());
                let answered = send(&alice, &operation, &path, Some(&altered)).await;
                let value = value.to_string();
                watch.look(&answered, &format!("{} with {place} = {value:.60}", operation.name()));
            }
        }
        for name in hostile_texts() {
            let mut altered = body.clone();
            altered[&name] = json!(1);
            let answered = send(&alice, &operation, &path, Some(&altered)).await;
            watch.look(&answered, &format!("{} with a member {name:.60}", operation.name()));
        }
    }
    assert!(watch.seen > 500, "{}", watch.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn s44_no_error_betrays_how_things_are_kept_whatever_a_path_or_query_has() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let mut watch = Watch {
        betrayals: betrayals(&app).await,
        codes: codes(),
        secrets: secrets(&app, &alice, "12345678"),
        seen: 0,
    };
    // A path has no room for the longest.
    let texts: Vec<String> = hostile_texts().into_iter().filter(|text| text.len() < 10_000).collect();
    for operation in operations() {
        let document = document();
        let body = operation.body.as_ref().map(|schema| sample(schema, &document));
        for text in &texts {
            let what = format!("{} with {text:?}", operation.name());
            if !operation.parameters().is_empty() && !text.is_empty() {
                let path = operation.path_with(&encoded(text));
                watch.look(&send(&alice, &operation, &path, body.as_ref()).await, &what);
            }
            for query in &operation.queries {
                let path = operation.path_with("01890000-0000-7000-8000-000000000000");
                let path = format!("{path}?{query}={}", encoded(text));
                watch.look(
                    &send(&alice, &operation, &path, body.as_ref()).await,
                    &format!("{what} in {query}"),
                );
            }
        }
    }
    for raw in ["%FF%FE", "%00", "%2e%2e%2f%2e%2e%2f", "%", "%zz", "%C0%AF"] {
        for operation in operations()
            .iter()
            .filter(|operation| !operation.parameters().is_empty())
        {
            let path = operation.path_with(raw);
            let answered = send(&alice, operation, &path, None).await;
            watch.look(&answered, &format!("{} with {raw}", operation.name()));
        }
    }
    assert!(watch.seen > 100, "{}", watch.seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn s44_nobody_learns_whether_an_address_has_an_account() {
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = parchment_server::config::Switch::Off;
        settings.registration = parchment_server::config::Registration::Invite;
    })
    .await;
    app.sign_in("alice@mail.example").await;
    let document = document();
    let mut asked = 0;
    for operation in operations() {
        let Some(schema) = operation.body.as_ref().filter(|_| operation.auth == Auth::Nobody) else {
            continue;
        };
        if resolved(schema, &document)["properties"].get("email").is_none() {
            continue;
        }
        let said = async |email: &str| {
            let mut body = sample(schema, &document);
            body["email"] = json!(email);
            let request = app.http.request(operation.method.clone(), app.url(&operation.path));
            let answer = answer(
                request
                    .header("content-type", "application/json")
                    .body(body.to_string()),
            )
            .await;
            let mut headers = answer.headers.clone();
            for of_each_answer in ["date", "x-request-id"] {
                headers.remove(of_each_answer);
            }
            (answer.status, answer.text.replace(email, "HER ADDRESS"), headers)
        };
        let known = said("alice@mail.example").await;
        assert_eq!(known, said("nobody@mail.example").await, "{}", operation.name());
        assert_eq!(known, said("ALICE@mail.example").await, "{}", operation.name());
        asked += 1;
    }
    assert!(asked >= 2, "{asked}");
}
