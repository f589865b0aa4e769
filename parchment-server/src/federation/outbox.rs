//! Sending signed messages to other servers.

use std::sync::Arc;

use parchment_core::{
    api::error::ErrorBody,
    directory::Directory as _,
    envelope::SignedMessage,
    handle::Handle,
    keys::VerifyingKey,
    pins::{self, PinStore as _},
    refusal::{Code, Refusal},
    request::{INBOX_PATH, ServerIdentity},
    time::{Timestamp, UnixMillis},
};

use super::{
    envelope::is_sendable,
    fetch::{FetchError, Fetcher},
    peers::Peers,
    pins::StoredPins,
};
use crate::random;

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The other server took it.
    Delivered,
    /// It did not, or could not be asked: certainly without effect there.
    Refused {
        /// A stable word: the other server's own, or ours.
        code: String,
    },
    /// No usable answer came: it may have taken effect or not.
    Unknown,
}

/// Sends messages in the server's name, each attempt signed anew.
#[derive(Debug)]
pub struct Outbox {
    server: Arc<ServerIdentity>,
    fetcher: Fetcher,
    peers: Arc<Peers>,
    pins: StoredPins,
}

impl Outbox {
    /// An outbox of this server.
    pub fn new(server: Arc<ServerIdentity>, fetcher: Fetcher, peers: Arc<Peers>, pins: StoredPins) -> Self {
        Self {
            server,
            fetcher,
            peers,
            pins,
        }
    }

    /// Sends a message to the server of `to`, exactly as its author signed it.
    ///
    /// Takes at most 10 s to find out who that server is and 15 s to send. Nothing is retried: whoever caused the
    /// message decides that.
    pub async fn deliver(&self, to: &Handle, message: &SignedMessage, now: UnixMillis) -> Delivery {
        if !is_sendable(message.message().timestamp(), now) {
            return Delivery::Refused {
                code: "envelope_expired".to_owned(),
            };
        }
        let peer = to.server();
        if let Err(refusal) = self.check_peer(&peer, now).await {
            tracing::info!(%peer, %refusal, "a message was not sent");
            return Delivery::Refused {
                code: refusal.code().as_str().to_owned(),
            };
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
            // Both say that no connection was made.
            Err(FetchError::Refused { .. } | FetchError::Unreachable) => Delivery::Refused {
                code: Code::PeerUnreachable.as_str().to_owned(),
            },
            Err(_) => Delivery::Unknown,
        };
        tracing::info!(%peer, kind = %message.message().kind(), ?delivery, "a message was sent");
        delivery
    }

    /// Makes sure that the peer is who it was: its manifest's key is the pinned one, or is pinned now.
    async fn check_peer(&self, peer: &parchment_core::handle::ServerId, now: UnixMillis) -> Result<(), Refusal> {
        let offered: VerifyingKey = self.peers.manifest(peer).await?.public_key;
        let pinned = match self.pins.pin(peer).await? {
            Some(pinned) => pinned,
            None => self.pins.pin_first(peer, &offered, now).await?,
        };
        pins::check_pin(peer, &pinned, &offered, &self.pins, now).await
    }
}

fn read_answer(status: u16, body: &[u8]) -> Delivery {
    match status {
        200 | 202 => Delivery::Delivered,
        // Answers of something in between, or of a server that may have done the work before it failed.
        408 | 429 | 500..=599 => Delivery::Unknown,
        _ => {
            let code = serde_json::from_slice::<ErrorBody>(body).ok().map(|error| error.code);
            let plain = |code: &String| code.len() <= 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            Delivery::Refused {
                code: code.filter(plain).unwrap_or_else(|| format!("http_{status}")),
            }
        }
    }
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
        assert_eq!(read_answer(301, b""), refused("http_301"));
        assert_eq!(read_answer(503, b""), Delivery::Unknown);
        assert_eq!(read_answer(429, b""), Delivery::Unknown);
    }
}
