//! Both nonces are remembered (rule 17.8).
//!
//! | transport nonce | envelope nonce | digest | decision |
//! |---|---|---|---|
//! | seen | any | any | the same request again: refused as [`Code::Replay`] |
//! | new | new | – | accepted, with its effect |
//! | new | seen | the same | a retry: acknowledged again, without a second effect |
//! | new | seen | another | refused as [`Code::NonceReused`] |
//!
//! The decision is pure; a store makes it inside the transaction in which it also records both
//! nonces and the effect, so that of any number of racing copies exactly one is accepted.

use crate::{
    inbox::{Accepted, Verified},
    nonce::Digest,
    refusal::{Code, Refusal},
};

/// How long nonces are kept, in milliseconds from receipt: 1,200 s.
///
/// Twice the 600 s for which a message can be fresh, so that a clock that steps by the whole
/// window still finds them.
pub const NONCE_LIFETIME_MS: i64 = 1_200_000;

/// What a store remembers about the two nonces of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether (server, transport nonce) was recorded.
    pub transport: bool,
    /// The digest recorded with (sender, envelope nonce), if it was.
    pub envelope: Option<Digest>,
}

/// What to do with a verified message.
#[derive(Debug)]
pub enum Decision {
    /// It is new: give it to its handler, and if that takes it, record both nonces with the effect.
    Accept(Box<Accepted>),
    /// It was accepted before and came again in a request of its own: record the transport nonce, acknowledge.
    Retry,
    /// Record nothing.
    Refuse(Refusal),
}

/// Decides on a verified message, given what the store remembers of its nonces.
pub fn decide(message: Verified, seen: Seen) -> Decision {
    if let Err(refusal) = check_transport(seen.transport) {
        return Decision::Refuse(refusal);
    }
    match seen.envelope {
        None => Decision::Accept(Box::new(Accepted::new(message))),
        Some(digest) if digest == message.digest() => Decision::Retry,
        Some(_) => {
            let detail = "The nonce was used before for another message; sign again with a new one.";
            Decision::Refuse(Refusal::new(Code::NonceReused, detail).by_rule(8))
        }
    }
}

/// Refuses a request whose transport nonce was recorded.
pub fn check_transport(seen: bool) -> Result<(), Refusal> {
    if seen {
        return Err(Refusal::new(Code::Replay, "This very request was accepted before."));
    }
    Ok(())
}
