//! Sending what users signed.

use parchment_core::{
    envelope::SignedMessage,
    refusal::{Code, Refusal},
    time::{Clock as _, FRESHNESS_WINDOW_MS, Timestamp},
};

use super::{Peer, SystemClock, random_nonce};
use crate::{ClientError, TransportKind, client::retry};

/// How long after its timestamp a message is still sent, in milliseconds: ten seconds less than receivers accept, so that it
/// does not go stale on its way.
const SENDABLE_FOR_MS: i64 = FRESHNESS_WINDOW_MS - 10_000;

/// Tries after the first.
const RETRIES: u32 = 2;

/// Why a message is not known to have arrived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It was not sent, so it has no effect there.
    #[error("the message was not sent: {0}")]
    NotSent(Refusal),
    /// The other server refused it, so it has no effect there.
    #[error("the other server refused the message (status {status}, {code})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The other server's own word for why; empty when it gave none.
        code: String,
    },
    /// No usable answer came: it may have taken effect or not. The same message can be sent again while it is fresh, and
    /// takes effect once.
    #[error("whether the message arrived is not known: {0}")]
    Unknown(ClientError),
}

/// What a try came to that did not arrive.
enum Failed {
    /// This cannot change.
    For(SendError),
    /// The other server may have it.
    Unheard(ClientError),
    /// It cannot.
    Unreached(ClientError),
}

impl Peer {
    /// Sends a message to the server of its recipient, exactly as its author signed it.
    ///
    /// A try that came to nothing is repeated twice, each in a request signed anew: the message's own nonce makes sure that
    /// it takes effect once. Dropping the future ends the trying; the message may have arrived.
    ///
    /// # Errors
    ///
    /// [`SendError`].
    pub async fn send(&self, message: &SignedMessage) -> Result<(), SendError> {
        let (from, to) = (message.message().from(), message.message().to().server());
        if !from.is_on(self.id()) || to == *self.id() {
            let detail = "This server sends what its own users say to users of others.";
            return Err(SendError::NotSent(Refusal::new(Code::OriginMismatch, detail)));
        }
        self.pin(&to).await.map_err(SendError::NotSent)?;
        let client = self.parts.peers.client(&to).map_err(SendError::NotSent)?;
        let (mut tries, mut unknown) = (0, false);
        loop {
            let (error, unreached) = match self.try_send(&client, message).await {
                Ok(()) => return Ok(()),
                Err(Failed::For(SendError::NotSent(_))) if unknown => {
                    // It got too old while it was tried.
                    let origin = client.origin();
                    let (kind, source) = (TransportKind::TimedOut, "it is too old to be sent again".into());
                    return Err(SendError::Unknown(ClientError::Transport { origin, kind, source }));
                }
                Err(Failed::For(error)) => return Err(error),
                Err(Failed::Unheard(error)) => (error, false),
                Err(Failed::Unreached(error)) => (error, true),
            };
            unknown |= !unreached;
            let wait = (tries < RETRIES).then(|| retry::wait(tries, &error)).flatten();
            let Some(wait) = wait else {
                return Err(match unknown {
                    true => SendError::Unknown(error),
                    false => SendError::NotSent(Refusal::new(Code::PeerUnreachable, error.to_string())),
                });
            };
            retry::sleep(wait).await;
            tries += 1;
        }
    }

    async fn try_send(&self, client: &crate::Client, message: &SignedMessage) -> Result<(), Failed> {
        let not_sent = |refusal| Failed::For(SendError::NotSent(refusal));
        let (to, now) = (message.message().to().server(), SystemClock.now());
        let age = now.since(message.message().timestamp().instant());
        if !(-FRESHNESS_WINDOW_MS..=SENDABLE_FOR_MS).contains(&age) {
            let detail = "The signed timestamp is too far from now; sign again.";
            return Err(not_sent(Refusal::new(Code::StaleMessage, detail)));
        }
        let (nonce, now) = (random_nonce().map_err(not_sent)?, Timestamp::from_instant(now));
        let request = self.parts.identity.inbox_request(&to, message, nonce, now);
        match client.federation().deliver(&request).await {
            Ok(()) => Ok(()),
            // Each request has a nonce of its own: if it was seen, something in between sent it twice, and once it was taken.
            Err(error) if error.status() == Some(401) && error.code() == Some(Code::Replay.as_str()) => Ok(()),
            Err(
                error @ ClientError::Transport {
                    kind: TransportKind::Connect,
                    ..
                },
            ) => Err(Failed::Unreached(error)),
            Err(ClientError::Refused(refused)) if !matches!(refused.status, 408 | 429 | 500..) => {
                let (status, code) = (refused.status, refused.code);
                Err(Failed::For(SendError::Refused { status, code }))
            }
            Err(error) => Err(Failed::Unheard(error)),
        }
    }
}
