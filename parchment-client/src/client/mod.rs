//! One server, and the session in which it is spoken to.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use url::Url;

pub mod api;
mod builder;
mod error;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod network;
pub mod operations;
pub(crate) mod retry;
mod send;

pub(crate) use retry::sleep;

pub use builder::ClientBuilder;
pub use error::{ClientError, Refused, TransportKind};

/// The cookie that holds a session token.
const SESSION_COOKIE: &str = "auth_session";

/// Speaks with one server, in one session or none.
///
/// Cheap to clone, and clones share their connections; `Send` and `Sync` outside of browsers. What can be done is
/// grouped as the server's resources are: `client.sessions().list()`.
///
/// * Every method makes one request and repeats it only where that is harmless: [`operations`](crate::operations).
/// * A future that is dropped ends its request; what the server has begun by then it ends by itself.
/// * Answers are read up to a limit, redirects are not followed, and `http` is spoken only with this very machine. (A
///   browser follows redirects, without the token where they lead to another origin; what comes of it is refused.)
/// * Nothing prints or logs the token.
/// * Outside of browsers, futures need a tokio runtime.
///
/// ```no_run
/// use parchment_client::Client;
///
/// # async fn run() -> Result<(), parchment_client::ClientError> {
/// let client = Client::new("https://home.example")?;
/// let session = client.sign_in().with_code("alice@mail.example", "12345678").await?;
/// let alice = client.with_token(&session.token);
/// for session in alice.sessions().list().await? {
///     println!("signed in since {:?}", session.created_at);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    session: Session,
}

/// What all clones have in common.
pub(crate) struct Shared {
    pub http: reqwest::Client,
    /// Scheme, host and port; its path is `/`.
    pub origin: Url,
    pub limits: Limits,
}

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For one try, the last byte of the answer included.
    pub timeout: Duration,
    /// The same where much is sent or read.
    pub bulk_timeout: Duration,
    /// Bytes in the body of an answer.
    pub answer: usize,
    /// The same where much is read.
    pub bulk_answer: usize,
    /// Tries after the first.
    pub retries: u32,
}

/// How a request says whose it is.
#[derive(Clone)]
enum Session {
    /// It does not.
    None,
    /// By a header, which its `Debug` does not print.
    Header(HeaderName, HeaderValue),
    /// By the cookie that the browser keeps.
    #[cfg(target_arch = "wasm32")]
    Browser,
    /// It would, but the token cannot be written into a header.
    Unsendable,
}

impl Session {
    pub fn bearer(token: &str) -> Self {
        Self::header(AUTHORIZATION, format!("Bearer {token}"), token)
    }

    #[cfg_attr(target_arch = "wasm32", allow(dead_code))]
    pub fn cookie(token: &str) -> Self {
        Self::header(COOKIE, format!("{SESSION_COOKIE}={token}"), token)
    }

    fn header(name: HeaderName, text: String, token: &str) -> Self {
        // Tokens have no other characters, and none of these ends a header or a cookie.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        match HeaderValue::from_str(&text) {
            Ok(mut value) if !token.is_empty() && token.bytes().all(plain) => {
                value.set_sensitive(true);
                Self::Header(name, value)
            }
            _ => Self::Unsendable,
        }
    }
}

impl Client {
    /// A client of the server at `origin`, such as `https://home.example`, with the usual settings and no session.
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidOrigin`] when this is no origin, or one by plain http that is not this very machine.
    pub fn new(origin: &str) -> Result<Self, ClientError> {
        Self::builder(origin).build()
    }

    /// A client with settings of one's own.
    pub fn builder(origin: &str) -> ClientBuilder {
        ClientBuilder::new(origin)
    }

    /// A client of a server whose address follows from its name.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn of_server(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            session: Session::None,
        }
    }

    /// The same client in the session of `token`, which [`sign_in`](Self::sign_in) gives.
    ///
    /// Connections are shared. A text that cannot be a token is found out by the first request.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            shared: self.shared.clone(),
            session: Session::bearer(token),
        }
    }

    /// The same client without a session.
    #[must_use]
    pub fn without_session(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            session: Session::None,
        }
    }

    /// Where the server is: scheme, host and port, without a slash at the end.
    pub fn origin(&self) -> String {
        self.shared.origin.origin().ascii_serialization()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("origin", &self.origin())
            .field("session", &!matches!(self.session, Session::None))
            .finish_non_exhaustive()
    }
}
