//! What was seen, compared with what the contract wants.

use super::Subject;
use crate::{
    inbox::{Outcome, Receipt},
    refusal::{Class, Code, Refusal},
    storage::StorageError,
};

/// What a check saw instead of what its rule says, in whole sentences.
#[derive(Debug)]
pub(super) struct Seen(pub(super) String);

impl From<StorageError> for Seen {
    fn from(error: StorageError) -> Self {
        Self(format!("It could not be tried: {error}."))
    }
}

/// An outcome that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// It takes effect.
    Applied,
    /// It is acknowledged again.
    Retried,
    /// Refused as [`Code::Replay`].
    Replay,
    /// Refused as [`Code::NonceReused`].
    NonceReused,
    /// Refused by the handler, for a reason of its own.
    Handler,
}

impl Want {
    fn is(self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Self::Applied, Ok(Receipt::Applied)) | (Self::Retried, Ok(Receipt::Retried)) => true,
            (Self::Replay, Err(refusal)) => refusal.code() == Code::Replay,
            (Self::NonceReused, Err(refusal)) => refusal.code() == Code::NonceReused,
            (Self::Handler, Err(refusal)) => {
                refusal.code().class() == Class::Message && refusal.code() != Code::NonceReused
            }
            _ => false,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Retried => "retried",
            Self::Replay => "replay",
            Self::NonceReused => "nonce_reused",
            Self::Handler => "refused by the handler",
        }
    }
}

/// Compares one outcome; `what` names the message in a sentence.
pub(super) fn one(what: &str, want: Want, seen: &Outcome) -> Result<(), Seen> {
    if want.is(seen) {
        return Ok(());
    }
    Err(Seen(format!(
        "{what}: the outcome should be {} and is {}.",
        want.describe(),
        describe(seen)
    )))
}

/// Compares the outcomes of a batch, place by place.
pub(super) fn all(what: &str, want: &[Want], seen: &[Outcome]) -> Result<(), Seen> {
    if want.len() != seen.len() {
        return Err(Seen(format!(
            "{what}: {} messages have {} outcomes.",
            want.len(),
            seen.len()
        )));
    }
    for (place, (want, seen)) in want.iter().zip(seen).enumerate() {
        one(&format!("{what}, message {} of the batch", place + 1), *want, seen)?;
    }
    Ok(())
}

/// Compares outcomes whose order is anybody's guess: one of them applied, all others `rest`.
pub(super) fn one_applied(what: &str, rest: Want, seen: &[Outcome]) -> Result<(), Seen> {
    let applied = seen.iter().filter(|outcome| Want::Applied.is(outcome)).count();
    if applied != 1 {
        return Err(Seen(format!("{what}: {applied} of {} were applied.", seen.len())));
    }
    match seen
        .iter()
        .find(|outcome| !Want::Applied.is(outcome) && !rest.is(outcome))
    {
        Some(other) => one(what, rest, other),
        None => Ok(()),
    }
}

/// Compares the number of effects, where the backend counts them.
pub(super) async fn effects(subject: &dyn Subject, want: usize) -> Result<(), Seen> {
    match subject.effects().await? {
        Some(seen) if seen != want => Err(Seen(format!(
            "The outcomes are right, but {seen} messages took effect instead of {want}."
        ))),
        _ => Ok(()),
    }
}

/// The code of a refusal, for comparing two of them.
pub(super) fn code(outcome: &Outcome) -> Option<Code> {
    outcome.as_ref().err().map(Refusal::code)
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Ok(Receipt::Applied) => "applied".to_owned(),
        Ok(Receipt::Retried) => "retried".to_owned(),
        Err(refusal) => format!("refused as {}", refusal.code()),
    }
}
