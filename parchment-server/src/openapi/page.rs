//! The page on which the interface can be read and tried, `/docs`, and the document behind it, `/openapi.json`.
//!
//! The page is Swagger UI with everything in it: it needs no network but this server. It loads the document instead of
//! holding it, so that no text of the document can end a script of the page. What it may do is said by a policy that
//! names its two scripts and its style by their hashes.

use std::{fmt::Write as _, io::Write as _, sync::LazyLock};

use flate2::{Compression, write::GzEncoder};
use parchment_core::encoding::encode;
use poem::{
    Body, Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::OpenApiService;
use sha2::{Digest as _, Sha256};

use crate::http::problem::Problem;

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

/// Answers the page and the document, and leaves all else to the endpoint within.
#[derive(Debug)]
pub struct Documented<E>(pub E);

impl<E: Endpoint> Endpoint for Documented<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let published = match request.uri().path() {
            PAGE | "/docs/" => &PAGE_FILE,
            DOCUMENT | "/openapi.json/" => &DOCUMENT_FILE,
            _ => return self.0.call(request).await.map(poem::IntoResponse::into_response),
        };
        Ok(match *request.method() {
            Method::GET | Method::HEAD => published.answer(&request),
            _ => method_not_allowed(),
        })
    }
}

fn method_not_allowed() -> Response {
    let message = "This path has other methods.";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    let mut answer = problem.into_response();
    let headers = answer.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

static PAGE_FILE: LazyLock<File> = LazyLock::new(|| {
    let Page { html, policy } = page();
    File::new("text/html; charset=utf-8", html, Some(policy))
});

static DOCUMENT_FILE: LazyLock<File> =
    LazyLock::new(|| File::new("application/json; charset=utf-8", super::document(), None));

/// Something that is the same for as long as the program runs, ready to be sent.
#[derive(Debug)]
struct File {
    content_type: &'static str,
    policy: Option<String>,
    tag: String,
    plain: String,
    compressed: Vec<u8>,
}

impl File {
    fn new(content_type: &'static str, plain: String, policy: Option<String>) -> Self {
        let mut tag = String::new();
        for byte in &Sha256::digest(&plain)[..8] {
            // Writing into a text does not fail.
            let _ = write!(tag, "{byte:02x}");
        }
        Self {
            content_type,
            policy,
            tag,
            compressed: gzip(plain.as_bytes()),
            plain,
        }
    }

    fn answer(&'static self, request: &Request) -> Response {
        let compressed = !self.compressed.is_empty() && takes_gzip(request);
        // The two forms differ byte for byte, so each has a tag of its own (RFC 9110, section 8.8.3).
        let tag = format!("\"{}{}\"", self.tag, if compressed { "-gzip" } else { "" });
        let known = request.header(header::IF_NONE_MATCH).is_some_and(|known| {
            known
                .split(',')
                .map(|one| one.trim().trim_start_matches("W/"))
                .any(|one| one == tag || one == "*")
        });
        let mut answer = Response::builder()
            .header(header::ETAG, tag)
            // Kept, and asked about each time: after an update nobody reads the old one.
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::VARY, "accept-encoding")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if let Some(policy) = &self.policy {
            answer = answer
                .header(header::CONTENT_SECURITY_POLICY, policy)
                .header(header::REFERRER_POLICY, "no-referrer");
        }
        if known {
            return answer.status(StatusCode::NOT_MODIFIED).finish();
        }
        answer = answer.header(header::CONTENT_TYPE, self.content_type);
        if compressed {
            answer = answer.header(header::CONTENT_ENCODING, "gzip");
        }
        let bytes: &'static [u8] = if compressed {
            &self.compressed
        } else {
            self.plain.as_bytes()
        };
        answer.body(Body::from(bytes))
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Without a compressed form the plain one is sent.
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.unwrap_or_default()
}

/// Whether a client says that it takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(request: &Request) -> bool {
    let accepted = request.header(header::ACCEPT_ENCODING).unwrap_or_default();
    let weight_of = |name: &str| {
        accepted.split(',').find_map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            named.then_some(weight.unwrap_or(1.0))
        })
    };
    weight_of("gzip").or_else(|| weight_of("*")).unwrap_or(0.0) > 0.0
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
