//! Files that are part of the program: pages, and what they load.

use std::{collections::BTreeMap, io::Write as _, sync::LazyLock};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use parchment_core::encoding::hex;
use poem::{
    Body, Endpoint, IntoResponse as _, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use sha2::{Digest as _, Sha256};

use super::{outgoing::Outgoing, problem::Problem};

/// For the files on their way: whoever takes them slowly is a stranger, and must not keep others from what they asked.
const ROOM_KIB: u32 = 16 * 1024;

/// A file that is made when it is first asked for.
pub type LateFile = LazyLock<File, Box<dyn FnOnce() -> File + Send>>;

/// A file that is made by this, when it is first asked for.
pub fn late(make: impl FnOnce() -> File + Send + 'static) -> LateFile {
    LazyLock::new(Box::new(make))
}

/// Answers files by their paths, and leaves all else to the endpoint within.
#[derive(Debug)]
pub struct Files<E> {
    files: BTreeMap<&'static str, LateFile>,
    outgoing: Outgoing,
    endpoint: E,
}

impl<E> Files<E> {
    /// Serves these files before an endpoint.
    pub fn before(endpoint: E, files: impl IntoIterator<Item = (&'static str, LateFile)>) -> Self {
        Self {
            files: files.into_iter().collect(),
            outgoing: Outgoing::of_kib(ROOM_KIB),
            endpoint,
        }
    }
}

impl<E: Endpoint> Endpoint for Files<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        // A slash at the end is the same path, here as elsewhere.
        let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
        let Some(file) = self.files.get(path) else {
            return self.endpoint.call(request).await.map(poem::IntoResponse::into_response);
        };
        Ok(match *request.method() {
            Method::GET | Method::HEAD => self.outgoing.bound(file.answer(&request)),
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

/// Something that is the same for as long as the program runs, ready to be sent.
#[derive(Debug)]
pub struct File {
    content_type: &'static str,
    policy: Option<String>,
    tag: String,
    plain: Bytes,
    compressed: Bytes,
}

impl File {
    /// A file; `policy` is the Content-Security-Policy of a page.
    pub fn new(content_type: &'static str, text: String, policy: Option<String>) -> Self {
        Self {
            content_type,
            policy,
            tag: hex(&Sha256::digest(&text)[..8]),
            compressed: gzip(text.as_bytes()).into(),
            plain: text.into(),
        }
    }

    fn answer(&self, request: &Request) -> Response {
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
        let bytes = if compressed { &self.compressed } else { &self.plain };
        answer.body(Body::from_bytes(bytes.clone()))
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
