//! One request: written, sent, repeated where that is harmless, and its answer read.

use bytes::Bytes;
use futures_util::StreamExt as _;
use parchment_core::api::error::ErrorBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use super::{
    Client, ClientError, Refused, Session, TransportKind,
    operations::{Method, Operation},
    retry::{self, Failure},
};

/// In a path or query, everything is escaped but what RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const JSON: &str = "application/json";

/// An answer that stands for success.
pub(super) struct Answer {
    operation: &'static Operation,
    status: u16,
    /// Whether it says that it is JSON.
    #[cfg_attr(target_arch = "wasm32", allow(dead_code))]
    is_json: bool,
    body: Vec<u8>,
}

impl Answer {
    /// The document of the answer. Members that are not known are passed over.
    pub fn document<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(explain(&error)))
    }

    /// The document, or none where the server says that there is none.
    pub fn optional<T: DeserializeOwned>(&self) -> Result<Option<T>, ClientError> {
        match self.body.trim_ascii() {
            b"" => Ok(None),
            _ => self.document(),
        }
    }

    /// The text of the answer, of one that says that it is JSON: what people may leave on a server does not.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn json_text(self) -> Result<Vec<u8>, ClientError> {
        match self.is_json {
            true => Ok(self.body),
            false => Err(self.unexpected("it is not JSON".to_owned())),
        }
    }

    /// Nothing: what was asked is done. A body may say so as well, in JSON or in a word, or it may say the contrary.
    pub fn done(&self) -> Result<(), ClientError> {
        // Whoever stands in between and asks people to sign in to the network says 200 to everything.
        if self.body.trim_ascii_start().starts_with(b"<") {
            return Err(self.unexpected("it is a page for people".to_owned()));
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        match body.get("success").or_else(|| body.get("ok")) {
            Some(Value::Bool(false)) => Err(self.unexpected("it says success and failure at once".to_owned())),
            _ => Ok(()),
        }
    }

    fn unexpected(&self, what: String) -> ClientError {
        ClientError::Unexpected {
            operation: self.operation.id,
            status: self.status,
            what,
        }
    }
}

/// What is wrong with a document, without what is in it: that may be secret.
fn explain(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => format!("a member is missing or of another type, at {line}:{column}"),
        _ => format!("it is not JSON, at {line}:{column}"),
    }
}

/// A request in the making.
pub(super) struct Call<'a> {
    client: &'a Client,
    operation: &'static Operation,
    path: Result<String, ClientError>,
    headers: HeaderMap,
    body: Option<Result<Bytes, ClientError>>,
}

impl Client {
    /// A request for an operation, with the parameters of its path in their order.
    pub(super) fn call(&self, operation: &'static Operation, parameters: &[&str]) -> Call<'_> {
        Call {
            client: self,
            operation,
            path: path(operation, parameters),
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

impl Call<'_> {
    /// With a parameter in the query, where there is one.
    pub fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let (Ok(path), Some(value)) = (&mut self.path, value) {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(name);
            path.push('=');
            path.extend(utf8_percent_encode(&value.to_string(), ESCAPED));
        }
        self
    }

    /// With a document as its body.
    pub fn json(self, document: &impl Serialize) -> Self {
        let body = serde_json::to_vec(document).map_err(|_| ClientError::Unsendable {
            what: "a number in it cannot be written as JSON",
        });
        Self {
            body: Some(body.map(Bytes::from)),
            ..self
        }
    }

    /// With a body that is sent as it is, and headers of its own.
    pub fn raw(mut self, headers: &[(&'static str, String)], body: &str) -> Self {
        self.body = Some(Ok(Bytes::copy_from_slice(body.as_bytes())));
        for (name, value) in headers {
            match HeaderValue::from_str(value) {
                Ok(value) => drop(self.headers.insert(HeaderName::from_static(name), value)),
                Err(_) => {
                    self.path = Err(ClientError::Unsendable {
                        what: "a header has control characters",
                    });
                }
            }
        }
        self
    }

    /// Sends it, and again where that is harmless, until there is an answer.
    pub async fn send(self) -> Result<Answer, ClientError> {
        let Self {
            client,
            operation,
            path,
            headers,
            body,
        } = self;
        let url = url(&client.shared.origin, &path?)?;
        let body = body.transpose()?;
        let (mut tries, mut lost) = (0, false);
        loop {
            let failed = match client.attempt(operation, &url, &headers, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if lost && operation.method == Method::Delete && failed.status() == Some(StatusCode::NOT_FOUND.as_u16()) {
                // An earlier try did it, and its answer was lost.
                return Ok(Answer {
                    operation,
                    status: StatusCode::NO_CONTENT.as_u16(),
                    is_json: false,
                    body: Vec::new(),
                });
            }
            let failure = Failure::of(&failed);
            lost |= failure == Failure::Lost;
            let again = tries < client.shared.limits.retries && failure.is_repeated(operation.retry);
            let Some(wait) = again.then(|| retry::wait(tries, &failed)).flatten() else {
                return Err(failed);
            };
            tracing::debug!(operation = operation.id, ?wait, error = %failed, "a request is repeated");
            retry::sleep(wait).await;
            tries += 1;
        }
    }

    /// Sends it and reads a document.
    pub async fn document<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        self.send().await?.document()
    }

    /// Sends it and reads a document, if there is one.
    pub async fn optional<T: DeserializeOwned>(self) -> Result<Option<T>, ClientError> {
        self.send().await?.optional()
    }

    /// Sends it and wants to know only whether it is done.
    pub async fn done(self) -> Result<(), ClientError> {
        self.send().await?.done()
    }
}

impl Client {
    /// One try.
    async fn attempt(
        &self,
        operation: &'static Operation,
        url: &Url,
        headers: &HeaderMap,
        body: Option<Bytes>,
    ) -> Result<Answer, ClientError> {
        let limits = &self.shared.limits;
        let (timeout, limit) = match operation.bulk {
            true => (limits.bulk_timeout, limits.bulk_answer),
            false => (limits.timeout, limits.answer),
        };
        let mut request = self
            .shared
            .http
            .request(method(operation.method), url.clone())
            .timeout(timeout)
            .header(ACCEPT, JSON)
            .headers(headers.clone());
        if operation.session {
            request = self.authorize(request)?;
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, JSON).body(body);
        }
        let lost = |error| self.lost(error);
        let response = in_browser(request).send().await.map_err(lost)?;
        let status = response.status();
        let unexpected = |what: &str| ClientError::Unexpected {
            operation: operation.id,
            status: status.as_u16(),
            what: what.to_owned(),
        };
        if status.is_redirection() || response.url() != url {
            return Err(unexpected("it leads elsewhere, and redirects are not followed"));
        }
        let retry_after = retry::retry_after(response.headers());
        let is_json = is_json(response.headers());
        let too_large = || ClientError::TooLarge {
            operation: operation.id,
            limit,
        };
        let body = read(response, limit).await.map_err(lost)?.ok_or_else(too_large)?;
        if !status.is_success() {
            return Err(ClientError::Refused(Box::new(refused(status, retry_after, &body))));
        }
        Ok(Answer {
            operation,
            status: status.as_u16(),
            is_json,
            body,
        })
    }

    /// Says whose request it is.
    fn authorize(&self, request: reqwest::RequestBuilder) -> Result<reqwest::RequestBuilder, ClientError> {
        Ok(match &self.session {
            Session::None => request,
            #[cfg(target_arch = "wasm32")]
            Session::Browser => request.fetch_credentials_include(),
            // A cookie alone changes nothing: servers ask where the page is from that sends it.
            #[cfg(not(target_arch = "wasm32"))]
            Session::Header(name, value) if name == reqwest::header::COOKIE => {
                let origin = self.shared.origin.origin().ascii_serialization();
                request.header(name, value).header(reqwest::header::ORIGIN, origin)
            }
            Session::Header(name, value) => request.header(name, value),
            Session::Unsendable => {
                return Err(ClientError::Unsendable {
                    what: "the token of the session is empty or has characters that no token has",
                });
            }
        })
    }

    fn lost(&self, error: reqwest::Error) -> ClientError {
        #[cfg(not(target_arch = "wasm32"))]
        let connect = error.is_connect();
        #[cfg(target_arch = "wasm32")]
        let connect = false;
        let kind = match () {
            () if connect => TransportKind::Connect,
            () if error.is_timeout() => TransportKind::TimedOut,
            () => TransportKind::Broken,
        };
        ClientError::Transport {
            origin: self.origin(),
            kind,
            // Paths name what people have.
            source: Box::new(error.without_url()),
        }
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
}

/// What fetch would do by itself and must not: keep answers.
fn in_browser(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    #[cfg(target_arch = "wasm32")]
    let request = request.fetch_cache_no_store();
    request
}

/// The body of an answer; none when it is longer than the limit, of which no more than the limit is held.
async fn read(response: Response, limit: usize) -> reqwest::Result<Option<Vec<u8>>> {
    // An honest length saves reading; a dishonest one is found out below.
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Ok(None);
    }
    let mut body = Vec::new();
    let mut chunks = Box::pin(response.bytes_stream());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if chunk.len() > limit - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The longest sentence of a server that is passed on.
const MAX_MESSAGE: usize = 1000;

/// A refusal as the server gave it, or as much of it as there is: what stands in between answers in words of its own.
fn refused(status: StatusCode, retry_after: Option<std::time::Duration>, body: &[u8]) -> Refused {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |member: &str| body.get(member).and_then(Value::as_str);
    let is_word = |code: &&str| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // It ends up on somebody's terminal.
    let message = text("message").map(|text| text.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect());
    let known: Option<ErrorBody> = serde_json::from_value(body.clone()).ok();
    let (missing, versions) = known
        .map(|known| (known.missing, known.supported_protocol_versions))
        .unwrap_or_default();
    Refused {
        status: status.as_u16(),
        code: text("code").filter(is_word).unwrap_or_default().to_owned(),
        message: message.unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason given").to_owned()),
        retry_after,
        missing,
        supported_protocol_versions: versions.unwrap_or_default(),
    }
}

/// The path of an operation with its parameters in their places.
fn path(operation: &Operation, parameters: &[&str]) -> Result<String, ClientError> {
    let mut parameters = parameters.iter();
    let mut path = String::new();
    for segment in operation.path.split('/').skip(1) {
        path.push('/');
        if !segment.starts_with('{') {
            path.push_str(segment);
            continue;
        }
        match parameters.next() {
            // However they are written, these lead to another path.
            None | Some(&("" | "." | "..")) => {
                return Err(ClientError::Unsendable {
                    what: "an id or name that belongs into the path is empty, `.` or `..`",
                });
            }
            Some(parameter) => path.extend(utf8_percent_encode(parameter, ESCAPED)),
        }
    }
    Ok(path)
}

fn url(origin: &Url, path: &str) -> Result<Url, ClientError> {
    origin
        .join(path)
        .map_err(|_| ClientError::Unsendable { what: "it has no path" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::client::operations;

    #[test]
    fn a_parameter_stays_one_segment_whatever_it_is() {
        let origin = Url::parse("https://home.example").unwrap();
        for parameter in [
            "a/b",
            "a?b",
            "a#b",
            "a b",
            "%2e%2e",
            "..%2f",
            "\u{e4}",
            "a\\b",
            "\n",
            "bob@other.example:8443",
            "...",
            ";",
        ] {
            let path = path(operations::END_FRIENDSHIP, &[parameter]).unwrap();
            let url = url(&origin, &path).unwrap();
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            let read = percent_encoding::percent_decode_str(segments.last().unwrap()).decode_utf8();
            assert_eq!((segments.len(), &*read.unwrap()), (2, parameter), "{url}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{url}");
        }
        for parameter in ["", ".", ".."] {
            assert!(path(operations::END_FRIENDSHIP, &[parameter]).is_err(), "{parameter:?}");
        }
    }

    #[test]
    fn what_stands_in_between_may_answer_in_words_of_its_own() {
        let refused = |body: &str| refused(StatusCode::BAD_GATEWAY, None, body.as_bytes());
        for body in ["", "<html>no</html>", "[]", "null", "{}", r#"{"message":1,"code":[]}"#] {
            let refused = refused(body);
            assert_eq!(
                (refused.code.as_str(), refused.message.as_str()),
                ("", "Bad Gateway"),
                "{body}"
            );
        }
        let odd = refused(r#"{"message":"a\u001b[2Jb","code":"x y","missing":1,"more":true}"#);
        assert_eq!((odd.code.as_str(), odd.message.as_str()), ("", "a[2Jb"));
        let whole =
            refused(r#"{"message":"m","code":"c","missing":{"blobs":["b"],"collections":[],"points":[],"more":1}}"#);
        assert_eq!(whole.missing.unwrap().blobs, ["b"]);
    }
}
