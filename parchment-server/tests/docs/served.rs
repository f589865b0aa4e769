use std::io::Read as _;

use flate2::read::GzDecoder;
use reqwest::Method;

use crate::support::app::{Answer, TestApp, answer};

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_that_is_served_is_the_one_that_is_committed() {
    let app = TestApp::start().await;
    let served = app.call(Method::GET, "/openapi.json", None).await.expect(200);
    assert_eq!(served.text, parchment_server::openapi::document());
    assert_eq!(header(&served, "content-type"), "application/json; charset=utf-8");
    assert_eq!(header(&served, "x-content-type-options"), "nosniff");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_names_its_own_scripts_and_style_and_allows_nothing_inline_otherwise() {
    let app = TestApp::start().await;
    let page = app.call(Method::GET, "/docs", None).await.expect(200);
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    let policy = header(&page, "content-security-policy");
    for part in [
        "default-src 'none'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|one| one == part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(policy.matches("'sha256-").count(), 3, "{policy}");
    assert!(
        page.text.len() > 1_000_000,
        "Swagger UI is in the page: {}",
        page.text.len()
    );
    // The only pages and files that the page itself names are this server's.
    let outside = [
        "src=\"http",
        "href=\"http",
        "src=\"//",
        "href=\"//",
        "@import",
        "url(http",
        "url(//",
    ];
    let style = page
        .text
        .split_once("<style>")
        .unwrap()
        .1
        .split_once("</style>")
        .unwrap()
        .0;
    let (head, rest) = page.text.split_once("<style>").unwrap();
    let shell = format!("{head}{}", rest.rsplit_once("</script>\n</head>").unwrap().1);
    assert!(
        outside
            .iter()
            .all(|mark| !style.contains(mark) && !shell.contains(mark))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_the_document_can_end_a_script_of_the_page() {
    let app = TestApp::start().await;
    let page = app.call(Method::GET, "/docs", None).await.expect(200).text;
    let document: serde_json::Value = serde_json::from_str(&parchment_server::openapi::document()).unwrap();
    let summary = document["paths"]["/friends/invite"]["post"]["summary"]
        .as_str()
        .unwrap();
    assert!(
        !page.contains(summary),
        "the page loads the document and does not hold it"
    );
    assert_eq!(page.matches("</script>").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_gzip_gets_it_and_who_does_not_gets_the_text() {
    let app = TestApp::start().await;
    for path in ["/docs", "/openapi.json"] {
        let plain = app.call(Method::GET, path, None).await.expect(200);
        assert_eq!(header(&plain, "content-encoding"), "", "{path}");
        for (accepted, compressed) in [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("br", false),
            ("identity", false),
        ] {
            let request = app.http.get(app.url(path)).header("accept-encoding", accepted);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 200);
            assert!(
                response
                    .headers()
                    .get_all("vary")
                    .iter()
                    .any(|vary| vary == "accept-encoding")
            );
            assert_eq!(
                response.headers().contains_key("content-encoding"),
                compressed,
                "{path}: {accepted}"
            );
            let bytes = response.bytes().await.unwrap();
            let mut text = String::new();
            if compressed {
                assert!(bytes.len() * 3 < plain.text.len(), "{path}: {}", bytes.len());
                GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(bytes.to_vec()).unwrap();
            }
            assert!(text == plain.text, "{path}: {accepted}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_has_already_is_not_sent_again() {
    let app = TestApp::start().await;
    for path in ["/docs", "/openapi.json"] {
        let first = app.call(Method::GET, path, None).await.expect(200);
        assert_eq!(header(&first, "cache-control"), "no-cache");
        let tag = header(&first, "etag").to_owned();
        for (known, status) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"other\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
        ] {
            let request = app.http.get(app.url(path)).header("if-none-match", &known);
            let again = answer(request).await.expect(status);
            assert_eq!(again.text.is_empty(), status == 304, "{path}: {known}");
            assert_eq!(header(&again, "etag"), tag);
        }
        let request = app.http.get(app.url(path)).header("if-none-match", &tag);
        let compressed = answer(request.header("accept-encoding", "gzip")).await.expect(200);
        assert_ne!(header(&compressed, "etag"), tag, "another form has another tag");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_document_are_only_read() {
    let app = TestApp::start().await;
    for path in ["/docs", "/openapi.json"] {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let refused = app
                .call(method, path, None)
                .await
                .expect_code(405, "method_not_allowed");
            assert_eq!(header(&refused, "allow"), "GET, HEAD");
            assert_eq!(header(&refused, "cache-control"), "no-store");
        }
        let head = answer(app.http.head(app.url(path))).await.expect(200);
        assert!(head.text.is_empty() && !header(&head, "etag").is_empty());
        let slashed = app.call(Method::GET, &format!("{path}/"), None).await.expect(200);
        assert_eq!(header(&slashed, "etag"), header(&head, "etag"));
        app.call(Method::GET, &format!("{path}/more"), None)
            .await
            .expect_code(404, "not_found");
    }
}
