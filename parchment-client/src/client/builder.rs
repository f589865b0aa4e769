//! How a client is set up.

use std::{fmt, sync::Arc, time::Duration};

use url::{Host, Url};

use super::{Client, ClientError, Limits, Session, Shared};

const MIB: usize = 1024 * 1024;

/// How a [`Client`] is set up.
///
/// ```no_run
/// use std::time::Duration;
///
/// use parchment_client::Client;
///
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("https://home.example")
///     .root_certificate_pem(&std::fs::read("our-own-authority.pem")?)
///     .timeout(Duration::from_secs(10))
///     .user_agent("night-shift/1.0")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct ClientBuilder {
    origin: String,
    session: Session,
    user_agent: Option<String>,
    limits: Limits,
    allow_http: bool,
    #[cfg(not(target_arch = "wasm32"))]
    network: super::network::Network,
}

impl ClientBuilder {
    pub(crate) fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            session: Session::None,
            user_agent: None,
            limits: Limits {
                timeout: Duration::from_secs(30),
                bulk_timeout: Duration::from_secs(300),
                answer: 4 * MIB,
                bulk_answer: 64 * MIB,
                retries: 2,
            },
            allow_http: false,
            #[cfg(not(target_arch = "wasm32"))]
            network: super::network::Network::default(),
        }
    }

    /// Requests carry this session token as `Authorization: Bearer`.
    pub fn token(self, token: &str) -> Self {
        let session = Session::bearer(token);
        Self { session, ..self }
    }

    /// Requests carry this session token as a browser's cookie, with the server itself as the page's origin.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn cookie(self, token: &str) -> Self {
        let session = Session::cookie(token);
        Self { session, ..self }
    }

    /// Requests carry the session cookie that the browser keeps, which no program can read. The page must be the
    /// server's own or of its configured client origin.
    #[cfg(target_arch = "wasm32")]
    pub fn browser_cookie(self) -> Self {
        let session = Session::Browser;
        Self { session, ..self }
    }

    /// What the client calls itself; people see it in the list of their sessions. `parchment-client/` and the version
    /// unless given; in a browser, the browser's own.
    pub fn user_agent(self, name: &str) -> Self {
        let user_agent = Some(name.to_owned());
        Self { user_agent, ..self }
    }

    /// How long one try may take, the last byte of the answer included: 30 seconds unless given. Operations that move a
    /// whole vault ([`bulk`](crate::operations::Operation::bulk)) have ten times as long.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self.limits.bulk_timeout = timeout.saturating_mul(10);
        self
    }

    /// How long an answer may be: 4 MiB unless given. Lists of a whole vault may have 16 times as much.
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.limits.answer = bytes;
        self.limits.bulk_answer = bytes.saturating_mul(16);
        self
    }

    /// How often a request is tried again where that is [harmless](crate::operations): 2 times unless given.
    pub fn retries(mut self, retries: u32) -> Self {
        self.limits.retries = retries;
        self
    }

    /// Speaks plain http with any host, not only with this very machine: whoever is on the way reads the token and
    /// becomes the caller. For a network that is encrypted by other means.
    pub fn danger_allow_http(self) -> Self {
        Self {
            allow_http: true,
            ..self
        }
    }

    /// Ready to speak; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidOrigin`] and [`ClientError::Setup`].
    pub fn build(self) -> Result<Client, ClientError> {
        let origin = read_origin(&self.origin, self.allow_http)?;
        if matches!(self.session, Session::Unsendable) {
            return Err(setup("the token is empty or has characters that no token has"));
        }
        let builder = reqwest::Client::builder();
        let builder = match &self.user_agent {
            Some(name) => builder.user_agent(name),
            #[cfg(not(target_arch = "wasm32"))]
            None => builder.user_agent(concat!("parchment-client/", env!("CARGO_PKG_VERSION"))),
            #[cfg(target_arch = "wasm32")]
            None => builder,
        };
        #[cfg(not(target_arch = "wasm32"))]
        let builder = self.network.apply(builder)?;
        let http = builder.build().map_err(setup)?;
        Ok(Client {
            shared: Arc::new(Shared {
                http,
                origin,
                limits: self.limits,
            }),
            session: self.session,
        })
    }
}

/// What only a program has a say in; a browser decides it by itself.
#[cfg(not(target_arch = "wasm32"))]
impl ClientBuilder {
    /// How long a connection may take to come about, TLS included: 10 seconds unless given.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.network.connect_timeout = timeout;
        self
    }

    /// Goes through this proxy, such as `http://proxy.example:3128`. What the environment says of proxies is not looked at.
    pub fn proxy(mut self, url: &str) -> Self {
        self.network.proxy = Some(url.to_owned());
        self
    }

    /// Trusts this certificate authority too, beside the public ones. PEM; there may be several in it.
    pub fn root_certificate_pem(mut self, pem: &[u8]) -> Self {
        self.network.roots.push(super::network::Root::Pem(pem.to_vec()));
        self
    }

    /// The same in DER, one certificate.
    pub fn root_certificate_der(mut self, der: &[u8]) -> Self {
        self.network.roots.push(super::network::Root::Der(der.to_vec()));
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}

pub(super) fn setup(what: impl fmt::Display) -> ClientError {
    ClientError::Setup { what: what.to_string() }
}

/// Reads scheme, host and port, of which the session token is sent to nobody else.
fn read_origin(text: &str, allow_http: bool) -> Result<Url, ClientError> {
    let invalid = |why| ClientError::InvalidOrigin {
        // Whoever writes a password into it shall not find it in a log.
        origin: text.rsplit('@').next().unwrap_or_default().to_owned(),
        why,
    };
    let url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        _ => return Err(invalid("write it as https://home.example")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("user name and password have no place in it"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("nothing follows host and port"));
    }
    if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        return Err(invalid(
            "http would show the session to everybody on the way; use https",
        ));
    }
    Ok(url)
}

/// Whether a URL leads to this very machine. Names below `localhost` do by RFC 6761, and are looked up accordingly.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_token_goes_by_http_to_this_machine_only() {
        for origin in [
            "http://localhost:5000",
            "http://127.0.0.1:5000/",
            "http://[::1]:5000",
            "http://alice.localhost",
            "https://home.example",
            "https://192.168.1.5:5000",
        ] {
            assert!(Client::new(origin).is_ok(), "{origin}");
        }
        for origin in [
            "http://home.example",
            "http://192.168.1.5:5000",
            "http://localhost.home.example",
            "http://notlocalhost",
            "http://0.0.0.0",
            "http://128.0.0.1",
        ] {
            assert!(
                matches!(Client::new(origin), Err(ClientError::InvalidOrigin { .. })),
                "{origin}"
            );
            assert!(Client::builder(origin).danger_allow_http().build().is_ok(), "{origin}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for origin in [
            "",
            "home.example",
            "ftp://home.example",
            "https://home.example/api",
            "https://home.example?x",
            "https://home.example#x",
            "https://alice@home.example",
            "https://",
        ] {
            assert!(
                matches!(Client::new(origin), Err(ClientError::InvalidOrigin { .. })),
                "{origin}"
            );
        }
        let error = Client::new("https://alice:secret@home.example").unwrap_err();
        assert!(
            !error.to_string().contains("secret") && !format!("{error:?}").contains("secret"),
            "{error:?}"
        );
        assert_eq!(
            Client::new("HTTPS://Home.Example:443/").unwrap().origin(),
            "https://home.example"
        );
    }

    #[test]
    fn tokens_are_never_printed() {
        let client = Client::builder("https://home.example").token("s3cret-token");
        assert!(!format!("{client:?}").contains("s3cret"));
        let client = client.build().unwrap();
        assert!(!format!("{client:?}").contains("s3cret"));
        assert!(
            Client::builder("https://home.example")
                .token("a\r\nb: c")
                .build()
                .is_err()
        );
        assert!(
            Client::builder("https://home.example")
                .cookie("a; b=c")
                .build()
                .is_err()
        );
    }
}
