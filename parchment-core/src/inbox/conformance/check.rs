//! The checks by name, and what is reported when one fails.

use std::fmt;

use super::{Bench, batches, handlers, nonces, outcomes::Seen, pins, post::Post, races, times};
use crate::time::UnixMillis;

macro_rules! checks {
    ($($variant:ident = $function:path, $rule:literal;)*) => {
        /// A rule that a store has to keep; the documentation of each is its sentence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Check {
            $(#[doc = $rule] $variant,)*
        }

        impl Check {
            /// Every check, the simple ones first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The rule as a sentence.
            pub fn rule(self) -> &'static str {
                match self {
                    $(Self::$variant => $rule,)*
                }
            }

            /// Runs the check on storage of its own.
            pub(super) async fn run(self, bench: &dyn Bench, now: UnixMillis) -> Result<(), Seen> {
                let mut subject = bench.empty().await?;
                let subject = subject.as_mut();
                let post = Post::new(subject.recipient(), now)?;
                match self {
                    $(Self::$variant => $function(&post, subject).await,)*
                }
            }
        }
    };
}

checks! {
    NewIsApplied = nonces::new_is_applied,
        "A message that was never seen is applied.";
    SameRequestIsReplay = nonces::same_request_is_replay,
        "The same request again is refused as a replay.";
    SameMessageIsRetry = nonces::same_message_is_retry,
        "The same message in a request of its own is a retry without effect, and that request is remembered too.";
    OtherMessageIsNonceReused = nonces::other_message_is_nonce_reused,
        "Another message under a nonce that was used is refused, and the refusal records nothing.";
    SendersAreIndependent = nonces::senders_are_independent,
        "A nonce that one sender used is new from another.";
    ServersAreIndependent = nonces::servers_are_independent,
        "A transport nonce that one server used is new from another.";
    NamesAreExact = nonces::names_are_exact,
        "Names that differ in case are names of different users and servers.";
    LegacyIsRemembered = nonces::legacy_is_remembered,
        "A legacy message is remembered by its signature like any other by its nonce.";

    RefusedRecordsNothing = handlers::refused_records_nothing,
        "A message that its handler refuses records nothing, neither nonce included.";
    RefusedDisturbsNobody = handlers::refused_disturbs_nobody,
        "A message that its handler refuses disturbs no other of its batch.";

    BatchSeesItself = batches::batch_sees_itself,
        "Messages of one batch see each other: of two copies exactly one is applied.";
    OutcomesInOrder = batches::outcomes_in_order,
        "There is one outcome for every message of a batch, in the order given.";
    EmptyBatch = batches::empty_batch,
        "A batch without messages has no outcomes.";
    LargeBatch = batches::large_batch,
        "A batch of 300 messages is recorded like any other.";

    NoncesSurviveReopening = times::nonces_survive_reopening,
        "Both nonces and the digest survive a restart.";
    SweepKeepsTheYoung = times::sweep_keeps_the_young,
        "Nonces that were received up to 1,200 s ago survive a sweep.";
    SweepForgetsTheOld = times::sweep_forgets_the_old,
        "A sweep forgets nonces that were received more than 1,200 s ago.";

    RacingCopies = races::racing_copies,
        "Of racing copies of one request exactly one is applied, and the others are replays.";
    RacingRetries = races::racing_retries,
        "Of racing requests with one message exactly one is applied, and the others are retries.";

    StrangersHaveNoPin = pins::strangers_have_no_pin,
        "A server that was never pinned has no pin, whatever key it offered.";
    FirstPinStands = pins::first_pin_stands,
        "The key that was pinned first stands, also for whoever tries to pin another.";
    MismatchOverwritesNothing = pins::mismatch_overwrites_nothing,
        "Recording that a server offered another key leaves its pin as it was.";
    PinsAreIndependent = pins::pins_are_independent,
        "Each server has a pin of its own, and server names that differ in case are different servers.";
    RacingFirstContacts = pins::racing_first_contacts,
        "Of racing first contacts with different keys, all get the one key that was pinned.";
    PinsSurvive = pins::pins_survive,
        "Pins survive a sweep and a restart.";
}

/// A rule that a store broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    check: Check,
    seen: String,
}

impl Failure {
    pub(super) fn new(check: Check, seen: Seen) -> Self {
        Self { check, seen: seen.0 }
    }

    /// The check that failed.
    pub fn check(&self) -> Check {
        self.check
    }

    /// What was seen instead, in whole sentences.
    pub fn seen(&self) -> &str {
        &self.seen
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is broken. The rule: {} {}",
            self.check,
            self.check.rule(),
            self.seen
        )
    }
}

impl std::error::Error for Failure {}
