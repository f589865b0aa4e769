//! What can go wrong between a client and a server.

use std::{error::Error, time::Duration};

use parchment_core::api::rotation::LeftBehind;

/// Why there is no answer to use.
///
/// ```
/// use parchment_client::{Client, ClientError};
///
/// # async fn show(client: &Client) -> Result<(), ClientError> {
/// match client.identity().set_alias("alice").await {
///     Ok(named) => println!("you are {}", named.handle),
///     Err(error) if error.code() == Some("alias_taken") => println!("somebody else is alice"),
///     Err(error) if error.is_retriable() => println!("not now: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address of the server is none that a client may speak to.
    #[error("`{origin}` cannot be the address of a server: {why}")]
    InvalidOrigin {
        /// What was given, without user name and password.
        origin: String,
        /// What is wrong with it, and what would do.
        why: &'static str,
    },
    /// A setting of the builder cannot be used.
    #[error("the client cannot be set up: {what}")]
    Setup {
        /// Which setting, and why.
        what: String,
    },
    /// A request cannot be written with what the caller gave: nothing was sent.
    #[error("the request cannot be sent: {what}")]
    Unsendable {
        /// What the caller gave, and why it does not do.
        what: &'static str,
    },
    /// There was no answer, or none to its end. Whether the server did what it was asked is known only where
    /// [`TransportKind::Connect`] says that it never heard of it.
    #[error("{origin} gave no answer: {kind}")]
    Transport {
        /// The server.
        origin: String,
        /// How far it got.
        kind: TransportKind,
        /// What the layers below said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server understood and refused.
    #[error("the server refused: {0}")]
    Refused(Box<Refused>),
    /// The server answered something that this operation does not answer: it is no Parchment server, a much newer one,
    /// or something stands in between.
    #[error("the answer to `{operation}` (status {status}) is not what a Parchment server says: {what}")]
    Unexpected {
        /// The `operationId` in the OpenAPI document.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer, without its content.
        what: String,
    },
    /// The answer is longer than this client reads; see
    /// [`ClientBuilder::max_answer_bytes`](crate::ClientBuilder::max_answer_bytes).
    #[error("the answer to `{operation}` has more than {limit} bytes")]
    TooLarge {
        /// The `operationId` in the OpenAPI document.
        operation: &'static str,
        /// The limit that it went over.
        limit: usize,
    },
}

/// How far a request got that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportKind {
    /// There was no connection: no such name, nobody listening, no valid certificate. The server did nothing.
    Connect,
    /// The time was over.
    TimedOut,
    /// The connection ended early, or what came is not HTTP. In a browser, everything is this, also what its
    /// cross-origin rules forbid.
    Broken,
}

impl std::fmt::Display for TransportKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "it could not be reached",
            Self::TimedOut => "the time was over",
            Self::Broken => "the connection broke",
        })
    }
}

/// A refusal of the server, as it gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The stable word for programs; empty when the server gave none.
    pub code: String,
    /// The sentence for people; it may change.
    pub message: String,
    /// How long the server asks to wait before the same is asked again.
    pub retry_after: Option<Duration>,
    /// What a rotation left behind, with the code `rotation_incomplete`.
    pub missing: Option<LeftBehind>,
    /// The protocol versions that the server speaks, where it could not authenticate another server.
    pub supported_protocol_versions: Vec<u32>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code.as_str() {
            "" => write!(f, "{} (status {})", self.message, self.status),
            code => write!(f, "{} (status {}, {code})", self.message, self.status),
        }
    }
}

impl ClientError {
    /// The stable word of a refusal, such as `rotation_conflict`; none where the server gave none or never answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refused) if !refused.code.is_empty() => Some(&refused.code),
            _ => None,
        }
    }

    /// The HTTP status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refused) => Some(refused.status),
            Self::Unexpected { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The refusal, if the server gave one.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// Whether the very same request may succeed later.
    ///
    /// It says nothing of what the first one did: see [`TransportKind`], and
    /// [`Retry`](crate::operations::Retry) for what the client repeats by itself.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Transport { .. } => true,
            Self::Refused(refused) => matches!(refused.status, 425 | 429 | 502..=504) && refused.code != "peer_refused",
            _ => false,
        }
    }
}
