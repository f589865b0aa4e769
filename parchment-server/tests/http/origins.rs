use parchment_core::handle::Origin;
use reqwest::{Method, header::HeaderMap};

use super::assert_problem;
use crate::support::app::{Answer, TestApp, answer};

const CLIENT: &str = "https://client.example";

async fn with_client() -> TestApp {
    TestApp::start_with(|settings| settings.client_origin = Some(Origin::parse(CLIENT).unwrap())).await
}

async fn from_page(app: &TestApp, method: Method, path: &str, origin: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.http.request(method, app.url(path)).header("origin", origin);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

const FOREIGN: [&str; 7] = [
    "https://evil.example",
    "https://client.example.evil.example",
    "https://sub.client.example",
    "http://client.example",
    "https://client.example:444",
    "https://CLIENT.example",
    "null",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_client_may_send_everything_it_needs() {
    let app = with_client().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let headers = [
            ("access-control-request-method", method),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        let leave = from_page(&app, Method::OPTIONS, "/users/me/alias", CLIENT, &headers).await;
        assert!((200..300).contains(&leave.status), "{method}: {}", leave.status);
        assert_eq!(value(&leave.headers, "access-control-allow-origin"), CLIENT);
        assert_eq!(value(&leave.headers, "access-control-allow-credentials"), "true");
        let methods = value(&leave.headers, "access-control-allow-methods");
        assert!(
            methods.split(',').any(|allowed| allowed.trim() == method),
            "{method}: {methods}"
        );
        let headers = value(&leave.headers, "access-control-allow-headers").to_lowercase();
        assert!(
            headers.contains("authorization") && headers.contains("content-type"),
            "{headers}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_client_may_read_answers_errors_among_them() {
    let app = with_client().await;
    for (path, status) in [
        ("/.well-known/parchment-server", 200),
        ("/friends", 401),
        ("/nowhere", 404),
    ] {
        let read = from_page(&app, Method::GET, path, CLIENT, &[]).await.expect(status);
        assert_eq!(value(&read.headers, "access-control-allow-origin"), CLIENT, "{path}");
        assert_eq!(
            value(&read.headers, "access-control-allow-credentials"),
            "true",
            "{path}"
        );
        assert!(
            value(&read.headers, "access-control-expose-headers")
                .to_lowercase()
                .contains("retry-after"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_anybody_else_gets_no_leave_for_anything() {
    let app = with_client().await;
    for origin in FOREIGN {
        let preflight = [
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ];
        let answers = [
            from_page(&app, Method::OPTIONS, "/auth/sessions", origin, &preflight).await,
            from_page(&app, Method::GET, "/.well-known/parchment-server", origin, &[]).await,
            from_page(&app, Method::GET, "/friends", origin, &[]).await,
        ];
        for answered in answers {
            let names = answered.headers.keys().map(ToString::to_string);
            let leave: Vec<String> = names.filter(|name| name.starts_with("access-control-")).collect();
            assert!(leave.is_empty(), "{origin}: {leave:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_foreign_page_is_answered_in_the_one_shape() {
    let app = with_client().await;
    for origin in FOREIGN {
        let refused = from_page(&app, Method::GET, "/friends", origin, &[]).await;
        assert_problem(&refused, 401, "signed_out", origin);
        let preflight = [("access-control-request-method", "POST")];
        let refused = from_page(&app, Method::OPTIONS, "/friends/sync-keys", origin, &preflight).await;
        let (status, code) = (refused.status, refused.code().to_owned());
        assert!((400..500).contains(&status), "{origin}: {status}");
        assert_problem(&refused, status, &code, origin);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_pages_are_served_also_where_the_client_lives_elsewhere() {
    let app = with_client().await;
    let own = app.settings.public_origin.to_string();
    from_page(&app, Method::GET, "/.well-known/parchment-server", &own, &[])
        .await
        .expect(200);
    let signed_out = from_page(&app, Method::POST, "/friends/sync-keys", &own, &[]).await;
    assert_problem(&signed_out, 401, "signed_out", "without a cookie");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_differ_by_origin_say_so_to_caches() {
    let app = with_client().await;
    for origin in [CLIENT, "https://evil.example"] {
        let read = from_page(&app, Method::GET, "/.well-known/parchment-server", origin, &[]).await;
        let kept = value(&read.headers, "cache-control").contains("no-store");
        assert!(
            kept || value(&read.headers, "vary").to_lowercase().contains("origin"),
            "{origin}"
        );
    }
}
