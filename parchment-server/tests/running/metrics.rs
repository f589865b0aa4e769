use reqwest::Method;
use serde_json::json;

use crate::support::app::TestApp;

async fn with_metrics() -> TestApp {
    TestApp::start_with(|settings| {
        settings.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
        settings.allow_loopback_peers = true;
    })
    .await
}

async fn metrics(app: &TestApp) -> String {
    let url = format!("http://{}/metrics", app.metrics_address().unwrap());
    let answer = app.http.get(url).send().await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(
        content_type.starts_with("application/openmetrics-text"),
        "{content_type}"
    );
    answer.text().await.unwrap()
}

fn count(text: &str, line: &str) -> u64 {
    let found = text.lines().find_map(|one| one.strip_prefix(line)?.trim().parse().ok());
    found.unwrap_or_else(|| panic!("{line} is not there:\n{text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_messages_and_mails_are_counted_by_outcome() {
    let (app, other) = (with_metrics().await, with_metrics().await);
    let (alice, bob) = (app.person("alice").await, other.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    app.call(Method::GET, "/friends", None).await.expect(401);
    app.call(Method::GET, "/no/such/path", None).await.expect(404);
    let secret_looking = format!("/auth/sessions/{}", "f".repeat(64));
    alice.call(Method::DELETE, &secret_looking, None).await.expect(404);

    let text = metrics(&app).await;
    let requests = |method: &str, path: &str, status: u16| {
        let line = format!("parchment_http_requests_total{{method=\"{method}\",path=\"{path}\",status=\"{status}\"}}");
        count(&text, &line)
    };
    assert_eq!(requests("GET", "/friends", 401), 1);
    assert_eq!(requests("GET", "unknown", 404), 1);
    assert_eq!(requests("DELETE", "/auth/sessions/{sessionId}", 404), 1);
    assert_eq!(requests("POST", "/friends/invite", 200), 1);
    assert_eq!(
        count(&text, "parchment_outbox_messages_total{outcome=\"delivered\"}"),
        1
    );
    assert_eq!(count(&text, "parchment_mails_total{outcome=\"sent\"}"), 1);
    assert!(count(&text, "parchment_http_connections") >= 1);
    let received = metrics(&other).await;
    assert_eq!(
        count(&received, "parchment_inbox_messages_total{outcome=\"applied\"}"),
        1
    );
    for word in ["ffff", "alice", "bob", "localhost"] {
        assert!(!text.contains(word) && !received.contains(word), "{word}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_not_served_where_people_and_peers_come() {
    let app = with_metrics().await;
    app.call(Method::GET, "/metrics", None).await.expect(404);
    let plain = TestApp::start().await;
    assert_eq!(plain.metrics_address(), None);
    let other = app
        .http
        .get(format!("http://{}/friends", app.metrics_address().unwrap()));
    assert_eq!(other.send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_strangers_become_no_labels() {
    let app = with_metrics().await;
    for word in ["BREW", "PROPFIND", "XYZZY"] {
        app.call(word.parse().unwrap(), "/friends", Some(json!({}))).await;
    }
    let text = metrics(&app).await;
    assert!(!text.contains("BREW") && !text.contains("XYZZY"), "{text}");
    assert!(text.contains("method=\"other\""), "{text}");
}
