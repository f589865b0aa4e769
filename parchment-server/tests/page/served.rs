use reqwest::Method;

use crate::support::app::TestApp;

const FILES: [(&str, &str); 6] = [
    ("/", "text/html"),
    ("/page/style.css", "text/css"),
    ("/page/main.js", "text/javascript"),
    ("/page/passkeys.js", "text/javascript"),
    ("/page/safety.js", "text/javascript"),
    ("/page/server.js", "text/javascript"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_all_that_it_loads_are_there() {
    let app = TestApp::start().await;
    let mut loaded = 0;
    for (path, kind) in FILES {
        let file = app.call(Method::GET, path, None).await.expect(200);
        assert!(
            file.headers["content-type"].to_str().unwrap().starts_with(kind),
            "{path}"
        );
        assert_eq!(file.headers["x-content-type-options"], "nosniff", "{path}");
        for (other, _) in FILES {
            loaded += usize::from(file.text.contains(&format!("\"{other}\"")));
            loaded += usize::from(
                file.text
                    .contains(&format!("\".{}\"", other.trim_start_matches("/page"))),
            );
        }
        assert!(
            !file.text.contains("http://") && !file.text.contains("https://"),
            "{path} names another place"
        );
        assert!(!file.text.contains("{{"), "{path} has something left to fill in");
    }
    assert!(loaded >= 6, "{loaded}");
    app.call(Method::GET, "/page/none.js", None).await.expect(404);
    app.call(Method::POST, "/", None).await.expect(405);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_may_run_its_own_scripts_and_nothing_else() {
    let app = TestApp::start().await;
    let page = app.call(Method::GET, "/", None).await.expect(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert!(
        !page.text.contains("<style") && !page.text.contains(" style="),
        "{}",
        page.text
    );
    let handler = page
        .text
        .split_whitespace()
        .find(|word| word.starts_with("on") && word.contains('='));
    assert_eq!(handler, None);
}
