//! Requests to other servers.
//!
//! The only door by which this program's federation speaks to the network, and a narrow one: a
//! request goes to a [`ServerId`] and a path, never to a URL that somebody supplied, and what
//! comes back is a status and a bounded body. What stands in the way of abuse:
//!
//! * where it goes: the URL's host must still be the server's name after parsing, so no spelling
//!   of an address gets past the [guarded resolver](super::guard), which decides about the rest;
//!   redirects are not followed, proxies not asked, servers on this machine refused;
//! * who answers: https with the public certificate authorities, always; http is for loopback
//!   peers in development;
//! * what it may cost: one limit of time over everything from the look-up to the last byte of
//!   the body, and limits on header and body that are enforced while reading. Nothing is ever
//!   decompressed.
//!
//! Connections are kept alive for a short while. A request that reuses one is not looked up
//! again; the address was checked when the connection was opened, and it cannot move.

use std::{error::Error, future::Future, sync::Arc, time::Duration};

use parchment_core::handle::ServerId;
use reqwest::{
    Client, ClientBuilder, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use url::{Host, Position, Url};

use super::guard::{AddressRefused, GuardedResolver, Lookup, Reach, SystemLookup};

const JSON: &str = "application/json";

/// Over HTTP/1.1 a header can then fill hyper's read buffer, about 400 KiB, and no more.
const MAX_HEADERS: usize = 64;
/// Over HTTP/2 names and values are counted as they are decompressed.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// How far ahead of us a peer may send over HTTP/2: one whole body.
const HTTP2_WINDOW: u32 = 64 * 1024;

/// What a request may cost. The defaults are what servers use; tests have less time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection: look-up, TCP and TLS.
    pub connect: Duration,
    /// For a GET, the connection and the last byte of the answer included.
    pub get: Duration,
    /// For a POST, likewise.
    pub post: Duration,
    /// Bytes in the body of an answer.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            get: Duration::from_secs(10),
            post: Duration::from_secs(15),
            body: 64 * 1024,
        }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The HTTP status. A redirection is a status like any other.
    pub status: u16,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

/// Why there is no answer.
///
/// The texts are for people and give nothing away about this server's network; the log has the
/// details, at level debug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// This server will not speak to that one.
    #[error("the other server may not be contacted: {why}")]
    Refused {
        /// The rule against it.
        why: &'static str,
    },
    /// There was no connection: no such name, nobody listening, no valid certificate.
    #[error("the other server could not be reached")]
    Unreachable,
    /// The time was over before the answer was complete.
    #[error("the other server did not answer in time")]
    TimedOut,
    /// The connection ended early, or what came is not HTTP within our limits on headers.
    #[error("the other server's answer could not be read")]
    Broken,
    /// The body is longer than allowed.
    #[error("the other server's answer is too long")]
    TooLarge,
    /// A document was asked for and something else came.
    #[error("the other server's answer is not JSON")]
    WrongType,
    /// The body is compressed, which was not asked for.
    #[error("the other server's answer is encoded in a way that was not asked for")]
    Encoded,
    /// A path or header that cannot be sent: a mistake on this side.
    #[error("the request could not be written")]
    Unsendable,
    /// TLS or the client did not start up.
    #[error("requests to other servers are not possible: {reason}")]
    Setup {
        /// What the library said.
        reason: String,
    },
}

/// Makes requests to other servers. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    reach: Reach,
    limits: Limits,
}

impl Fetcher {
    /// A fetcher with the default limits that asks the operating system for addresses.
    pub fn new(reach: Reach) -> Result<Self, FetchError> {
        Self::with(reach, Limits::default(), Arc::new(SystemLookup))
    }

    /// A fetcher with limits and a look-up of one's own.
    pub fn with(reach: Reach, limits: Limits, lookup: Arc<dyn Lookup>) -> Result<Self, FetchError> {
        let client = client(reach, limits, GuardedResolver::with_lookup(reach, lookup))?;
        Ok(Self { client, reach, limits })
    }

    /// Asks for a document; one that is there must be JSON.
    pub async fn get(&self, server: &ServerId, path: &str) -> Result<Fetched, FetchError> {
        let request = self.client.get(self.url(server, path)?);
        within(self.limits.get, async {
            let response = self.send(request).await?;
            if response.status() == StatusCode::OK && !is_json(response.headers()) {
                return Err(FetchError::WrongType);
            }
            self.read(response).await
        })
        .await
    }

    /// The time that a server says it is: the `Date` of its answer, as it is written there.
    pub async fn date(&self, server: &ServerId, path: &str) -> Result<Option<String>, FetchError> {
        let request = self.client.get(self.url(server, path)?);
        within(self.limits.get, async {
            let response = self.send(request).await?;
            let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
            Ok(date.map(str::to_owned))
        })
        .await
    }

    /// Delivers JSON. `headers` come on top of those every request has.
    pub async fn post(
        &self,
        server: &ServerId,
        path: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Fetched, FetchError> {
        let request = self.client.post(self.url(server, path)?).header(CONTENT_TYPE, JSON);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, value))
            .body(body);
        within(self.limits.post, async {
            let response = self.send(request).await?;
            self.read(response).await
        })
        .await
    }

    /// The URL of `path` on `server`, if that is a server to speak to.
    fn url(&self, server: &ServerId, path: &str) -> Result<Url, FetchError> {
        let scheme = match (server.is_loopback(), self.reach) {
            (false, _) => "https",
            (true, Reach::GlobalOrLoopback) => "http",
            (true, Reach::Global) => {
                return Err(FetchError::Refused {
                    why: "its name stands for this machine itself",
                });
            }
        };
        let url = Url::parse(&format!("{scheme}://{server}{path}"))
            .ok()
            .filter(|url| leads_to(url, server.host(), self.reach))
            .ok_or(FetchError::Refused {
                why: "its name is not plainly a host name",
            })?;
        // Dot segments, fragments and characters that need escaping would make it another path.
        if url[Position::BeforePath..Position::AfterQuery] != *path {
            return Err(FetchError::Unsendable);
        }
        Ok(url)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, FetchError> {
        let response = request.send().await.map_err(explain)?;
        if !is_plain(response.headers()) {
            return Err(FetchError::Encoded);
        }
        // An honest length saves reading; a dishonest one is found out by `read`.
        if response
            .content_length()
            .is_some_and(|length| length > self.limits.body as u64)
        {
            return Err(FetchError::TooLarge);
        }
        Ok(response)
    }

    async fn read(&self, mut response: Response) -> Result<Fetched, FetchError> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(explain)? {
            if chunk.len() > self.limits.body - body.len() {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched { status, body })
    }
}

fn client(reach: Reach, limits: Limits, resolver: GuardedResolver) -> Result<Client, FetchError> {
    let headers = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static(JSON)),
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ]);
    ClientBuilder::new()
        .tls_backend_preconfigured(tls()?)
        .https_only(reach == Reach::Global)
        .dns_resolver(resolver)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        // Not compiled in today; another crate's features must not bring them back.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(concat!("parchment/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(limits.connect)
        .pool_max_idle_per_host(2)
        .pool_idle_timeout(Duration::from_secs(30))
        .http1_max_headers(MAX_HEADERS)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_initial_stream_window_size(HTTP2_WINDOW)
        .http2_initial_connection_window_size(4 * HTTP2_WINDOW)
        .build()
        .map_err(setup)
}

/// The public certificate authorities, and one cryptography for this client alone: a
/// process-wide default would be up to whichever crate sets it first.
pub(crate) fn tls() -> Result<rustls::ClientConfig, FetchError> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn setup(error: impl Error) -> FetchError {
    FetchError::Setup {
        reason: error.to_string(),
    }
}

/// Whether a URL's host is `host` itself and not something that `host` was understood as.
///
/// URL parsers read `0x7f.1`, `017700000001` and full-width digits as addresses, and addresses
/// need no resolver. Server ids do not have these forms; this does not rely on it.
fn leads_to(url: &Url, host: &str, reach: Reach) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == host.to_ascii_lowercase(),
        // What is left is 127.0.0.0/8, in development, spelled as everybody spells it.
        Some(Host::Ipv4(address)) => {
            reach == Reach::GlobalOrLoopback && address.is_loopback() && address.to_string() == host
        }
        Some(Host::Ipv6(_)) | None => false,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON))
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, FetchError>> + Send) -> Result<T, FetchError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(FetchError::TimedOut))
}

fn explain(error: reqwest::Error) -> FetchError {
    tracing::debug!(?error, "a request to another server failed");
    if causes(&error).any(|cause| cause.is::<AddressRefused>()) {
        FetchError::Refused {
            why: "its name leads to an address that is not on the public internet",
        }
    } else if error.is_builder() {
        FetchError::Unsendable
    } else if error.is_timeout() {
        FetchError::TimedOut
    } else if error.is_connect() {
        FetchError::Unreachable
    } else {
        FetchError::Broken
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What a [`ServerId`] cannot be: proof that the second line holds without the first.
    #[test]
    fn a_host_that_is_read_as_something_else_is_not_led_to() {
        let hosts = "0x7f000001 2130706433 017700000001 127.1 0177.0.0.1 0x7f.0.0.1 127.0.0.1. 192.168.0.1 [::1]
            [::ffff:127.0.0.1] １２７.０.０.１ 127。0。0。1 127%2e0.0.1 ｈome.example user@home.example
            home.example/x home.example?x home.example#x";
        for host in hosts.split_whitespace() {
            for reach in [Reach::Global, Reach::GlobalOrLoopback] {
                if let Ok(url) = Url::parse(&format!("https://{host}/")) {
                    assert!(!leads_to(&url, host, reach), "{host} as {url}");
                }
            }
        }
    }

    #[test]
    fn a_host_that_stays_itself_is_led_to() {
        for (host, reach) in [
            ("home.example", Reach::Global),
            ("Home.Example", Reach::Global),
            ("xn--e1afmkfd.example", Reach::Global),
            ("127.0.0.1", Reach::GlobalOrLoopback),
        ] {
            let url = Url::parse(&format!("https://{host}/")).unwrap();
            assert!(leads_to(&url, host, reach), "{host}");
        }
        let url = Url::parse("https://127.0.0.1/").unwrap();
        assert!(!leads_to(&url, "127.0.0.1", Reach::Global));
    }

    #[test]
    fn a_path_is_sent_as_written_or_not_at_all() {
        let fetcher = Fetcher::new(Reach::Global).unwrap();
        let server = ServerId::parse("home.example:8443").unwrap();
        let url = fetcher.url(&server, "/.well-known/user/alice").unwrap();
        assert_eq!(url.as_str(), "https://home.example:8443/.well-known/user/alice");
        for path in ["/a/../b", "/a#b", "/a?b#c", "/a b", "/\u{e4}", "/a\n", "\\a", ""] {
            assert!(fetcher.url(&server, path).is_err(), "{path:?}");
        }
        for path in ["@evil.example/", ".evil.example/", "0/"] {
            assert!(fetcher.url(&server, path).is_err(), "{path:?}");
        }
    }
}
