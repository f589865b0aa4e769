//! Sending signed messages to other servers.

use std::sync::Arc;

use parchment_core::{
    api::error::ErrorBody,
    directory::{Age, Directory as _},
    envelope::SignedMessage,
    handle::{Handle, ServerId},
    keys::VerifyingKey,
    pins::{self, PinStore as _},
    refusal::{Code, Refusal},
    request::{INBOX_PATH, ServerIdentity},
    time::{FRESHNESS_WINDOW_MS, Timestamp, UnixMillis},
};

use super::{
    fetch::{FetchError, Fetcher},
    peers::Peers,
    pins::StoredPins,
    refusals::{NO_ANSWER, Refusals, Way},
};
use crate::{metrics::Metrics, random};

/// How long after its timestamp a signed message is still sent, in milliseconds: 290 s.
///
/// Ten seconds less than receivers accept, so that it does not go stale on its way.
const SENDABLE_FOR_MS: i64 = 290_000;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The other server took it.
    Delivered,
    /// The other server refused it, so it has no effect there.
    Refused {
        /// The other server's own word for why.
        code: String,
    },
    /// It was not sent, so it has no effect there.
    NotSent(Refusal),
    /// No usable answer came: it may have taken effect or not.
    Unknown,
}

/// Sends messages in the server's name, each attempt signed anew.
#[derive(Debug)]
pub struct Outbox {
    server: Arc<ServerIdentity>,
    fetcher: Fetcher,
    peers: Peers,
    pins: StoredPins,
    refusals: Arc<Refusals>,
    metrics: Arc<Metrics>,
}

impl Outbox {
    /// An outbox of this server.
    pub fn new(
        server: Arc<ServerIdentity>,
        fetcher: Fetcher,
        peers: Peers,
        pins: StoredPins,
        refusals: Arc<Refusals>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            server,
            fetcher,
            peers,
            pins,
            refusals,
            metrics,
        }
    }

    /// Sends a message to the server of `to`, exactly as its author signed it.
    ///
    /// Takes at most 15 s to find out who that server is and 15 s to send. Nothing is retried: whoever caused the
    /// message decides that.
    pub async fn deliver(&self, to: &Handle, message: &SignedMessage, now: UnixMillis) -> Delivery {
        let delivery = self.try_deliver(to, message, now).await;
        self.metrics.count_sent(match &delivery {
            Delivery::Delivered => "delivered",
            Delivery::Refused { .. } => "refused",
            Delivery::NotSent(_) => "not_sent",
            Delivery::Unknown => "unknown",
        });
        delivery
    }

    async fn try_deliver(&self, to: &Handle, message: &SignedMessage, now: UnixMillis) -> Delivery {
        let peer = to.server();
        if let Err(refusal) = self.check(&peer, message, now).await {
            tracing::info!(%peer, %refusal, "a message was not sent");
            // A message that its author signed too long ago says nothing about the peer.
            if refusal.code() != Code::StaleMessage {
                self.note(&peer, refusal.code().as_str(), refusal.detail(), now);
            }
            return Delivery::NotSent(refusal);
        }
        let request = self
            .server
            .inbox_request(&peer, message, random::nonce(), Timestamp::from_instant(now));
        let answer = self
            .fetcher
            .post(&peer, INBOX_PATH, &request.headers(), request.body().to_owned())
            .await;
        let delivery = match answer {
            Ok(answer) => read_answer(answer.status, &answer.body),
            // All of these say that no connection was made.
            Err(error @ (FetchError::Refused { .. } | FetchError::Unreachable | FetchError::Unsendable)) => {
                let detail = format!("The other server cannot be reached: {error}.");
                Delivery::NotSent(Refusal::new(Code::PeerUnreachable, detail))
            }
            Err(_) => Delivery::Unknown,
        };
        let kind = message.message().kind();
        tracing::info!(%peer, %kind, ?delivery, "a message was sent");
        match &delivery {
            Delivery::Delivered => {}
            // Its own sentence is not kept: it could say anything.
            Delivery::Refused { code } => self.note(&peer, code, &format!("It refused {kind}."), now),
            Delivery::NotSent(refusal) => self.note(&peer, refusal.code().as_str(), refusal.detail(), now),
            Delivery::Unknown => {
                let detail = format!("No usable answer to {kind} came, so it may have taken effect or not.");
                self.note(&peer, NO_ANSWER, &detail, now);
            }
        }
        delivery
    }

    fn note(&self, peer: &ServerId, code: &str, detail: &str, now: UnixMillis) {
        self.refusals.note(peer, Way::Sent, code, detail, now);
    }

    /// Makes sure that the message is still fresh and the peer is who it was: its manifest's key is the pinned one, or
    /// is pinned now.
    async fn check(&self, peer: &ServerId, message: &SignedMessage, now: UnixMillis) -> Result<(), Refusal> {
        check_sendable(message.message().timestamp(), now)?;
        // The pin first: when it is gone, so is the manifest that was known.
        let pinned = self.pins.pin(peer).await?;
        let offered: VerifyingKey = self.peers.manifest(peer, Age::Cached).await?.public_key;
        let pinned = match pinned {
            Some(pinned) => pinned,
            None => self.pins.pin_first(peer, &offered, now).await?,
        };
        pins::check_pin(peer, &pinned, &offered, &self.pins, now).await
    }
}

/// Makes sure that a message with this timestamp may still be sent, and will be taken.
///
/// # Errors
///
/// [`Code::StaleMessage`].
pub fn check_sendable(timestamp: &Timestamp, now: UnixMillis) -> Result<(), Refusal> {
    let age = now.since(timestamp.instant());
    if (-FRESHNESS_WINDOW_MS..=SENDABLE_FOR_MS).contains(&age) {
        return Ok(());
    }
    let detail = "The signed timestamp is too far from now; sign again.";
    Err(Refusal::new(Code::StaleMessage, detail))
}

fn read_answer(status: u16, body: &[u8]) -> Delivery {
    match status {
        200 | 202 => Delivery::Delivered,
        // Answers of something in between, or of a server that may have done the work before it failed.
        408 | 429 | 500..=599 => Delivery::Unknown,
        // Every attempt has a nonce of its own: if it was seen, something in between sent it twice, and once it was taken.
        401 if code_of(body).as_deref() == Some(Code::Replay.as_str()) => Delivery::Delivered,
        _ => {
            let code = code_of(body).unwrap_or_else(|| format!("http_{status}"));
            Delivery::Refused { code }
        }
    }
}

/// The code of an error body, if it is one: a short plain word.
fn code_of(body: &[u8]) -> Option<String> {
    let code = serde_json::from_slice::<ErrorBody>(body).ok()?.code;
    let is_plain = !code.is_empty() && code.len() <= 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_plain.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_delivered_refused_or_nothing() {
        let refused = |code: &str| Delivery::Refused { code: code.to_owned() };
        assert_eq!(read_answer(202, b""), Delivery::Delivered);
        assert_eq!(read_answer(200, b"?"), Delivery::Delivered);
        assert_eq!(
            read_answer(400, br#"{"message":"m","code":"no_invitation"}"#),
            refused("no_invitation")
        );
        assert_eq!(read_answer(400, br#"{"message":"m"}"#), refused("http_400"));
        assert_eq!(
            read_answer(401, br#"{"message":"m","code":"<script>"}"#),
            refused("http_401")
        );
        assert_eq!(
            read_answer(401, br#"{"message":"m","code":"replay"}"#),
            Delivery::Delivered
        );
        assert_eq!(read_answer(301, b""), refused("http_301"));
        assert_eq!(read_answer(503, b""), Delivery::Unknown);
        assert_eq!(read_answer(429, b""), Delivery::Unknown);
    }
}
