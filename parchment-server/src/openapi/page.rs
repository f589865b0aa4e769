//! The page on which the interface can be read and tried, `/docs`, and the document behind it, `/openapi.json`.
//!
//! The page is Swagger UI with everything in it: it needs no network but this server. It loads the document instead of
//! holding it, so that no text of the document can end a script of the page. What it may do is said by a policy that
//! names its two scripts and its style by their hashes.

use parchment_core::encoding::encode;
use poem_openapi::OpenApiService;
use sha2::{Digest as _, Sha256};

use crate::http::files::{File, LateFile, late};

/// Where the page is.
pub const PAGE: &str = "/docs";

/// Where the document is.
pub const DOCUMENT: &str = "/openapi.json";

/// Starts the page. Nothing is sent to a validator elsewhere, and a session token typed in is not kept.
const START: &str = r##"SwaggerUIBundle({
    dom_id: "#ui",
    url: "/openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    validatorUrl: null,
})"##;

/// The page and the document.
pub fn files() -> [(&'static str, LateFile); 2] {
    let page = || {
        let Page { html, policy } = page();
        File::new("text/html; charset=utf-8", html, Some(policy))
    };
    let document = || File::new("application/json; charset=utf-8", super::document(), None);
    [(PAGE, late(page)), (DOCUMENT, late(document))]
}

struct Page {
    html: String,
    policy: String,
}

/// The page and the policy that fits it.
fn page() -> Page {
    // The framework's own page holds Swagger UI and pastes the document into a script; only the former is taken over.
    let theirs = OpenApiService::new((), "", "").swagger_ui_html();
    let style = between(&theirs, "<style charset=\"UTF-8\">", "</style>");
    let program = between(&theirs, "<script charset=\"UTF-8\">", "</script>");
    let policy = format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(program),
        hash(START),
        hash(style),
    );
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Parchment: the HTTP interface</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{style}</style>\n<script>{program}</script>\n</head>\n<body>\n\
         <div id=\"ui\"></div>\n<noscript>This page needs JavaScript; the document itself is <a href=\"{DOCUMENT}\">here</a>.\
         </noscript>\n<script>{START}</script>\n</body>\n</html>\n"
    );
    Page { html, policy }
}

/// What stands between two marks; nothing when they are not there, which the tests would notice.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let after = text.split_once(start).map(|(_, after)| after).unwrap_or_default();
    after.split_once(end).map(|(inner, _)| inner).unwrap_or_default()
}

/// How a policy names a script or style that stands in the page.
fn hash(source: &str) -> String {
    format!("'sha256-{}'", encode(&Sha256::digest(source)))
}
