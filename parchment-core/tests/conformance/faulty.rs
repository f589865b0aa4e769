//! A correct store and ways to break it, one at a time.

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Arc, Mutex},
    task::Poll,
};

use async_trait::async_trait;
use parchment_core::{
    envelope::Kind,
    handle::{Handle, ServerId},
    inbox::{
        InboxStore, Outcome, Receipt, Verified,
        conformance::{Bench, Check, Subject},
    },
    keys::VerifyingKey,
    nonce::{Digest, Nonce},
    pins::PinStore,
    replay::{self, Decision, NONCE_LIFETIME_MS, Seen},
    storage::StorageError,
    time::UnixMillis,
};

use super::{carol, handle};

macro_rules! faults {
    ($($fault:ident => [$($check:ident),+];)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault {
            Nothing,
            $($fault,)*
        }

        /// Every fault, with the checks that must catch it; others may, too.
        pub(crate) const FAULTS: &[(Fault, &[Check])] = &[$((Fault::$fault, &[$(Check::$check),+]),)*];
    };
}

faults! {
    RefusesEverything => [NewIsApplied];
    ForgetsTransportNonces => [SameRequestIsReplay];
    ForgetsRetries => [SameMessageIsRetry];
    AppliesRetriesTwice => [SameMessageIsRetry];
    AppliesRetriesSecretly => [SameMessageIsRetry];
    IgnoresDigests => [OtherMessageIsNonceReused];
    RecordsReuses => [OtherMessageIsNonceReused];
    MixesSenders => [SendersAreIndependent];
    MixesServers => [ServersAreIndependent];
    IgnoresCase => [NamesAreExact];
    IsTooNarrow => [LegacyIsRemembered];
    RecordsRefused => [RefusedRecordsNothing];
    UndoesBatches => [RefusedDisturbsNobody];
    IsBlindToItsBatch => [BatchSeesItself];
    Reorders => [OutcomesInOrder];
    FailsOnNothing => [EmptyBatch];
    FailsOnMuch => [LargeBatch];
    ForgetsOnRestart => [NoncesSurviveReopening, PinsSurvive];
    SweepsTooEarly => [SweepKeepsTheYoung];
    NeverSweeps => [SweepForgetsTheOld];
    LooksBeforeItLeaps => [RacingCopies, RacingRetries];
    PinsStrangers => [StrangersHaveNoPin];
    PinsTheLast => [FirstPinStands];
    PinsMismatches => [MismatchOverwritesNothing];
    PinsRacers => [RacingFirstContacts];
    IgnoresCaseOfPins => [PinsAreIndependent];
    SweepsPins => [PinsSurvive];
}

#[derive(Default, Clone)]
struct State {
    transport: HashMap<(String, Nonce), UnixMillis>,
    envelopes: HashMap<(String, Vec<u8>), (Digest, UnixMillis)>,
    pins: HashMap<String, VerifyingKey>,
    effects: usize,
}

#[derive(Clone)]
struct Faulty {
    fault: Fault,
    state: Arc<Mutex<State>>,
}

impl Faulty {
    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    fn name(&self, name: &str, merged: Fault, lowered: Fault) -> String {
        match self.fault {
            fault if fault == merged => String::new(),
            fault if fault == lowered => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }

    fn transport(&self, message: &Verified) -> (String, Nonce) {
        let server = self.name(message.server().as_str(), Fault::MixesServers, Fault::IgnoresCase);
        (server, message.transport_nonce())
    }

    fn envelope(&self, message: &Verified) -> (String, Vec<u8>) {
        let sender = self.name(
            message.message().from().as_str(),
            Fault::MixesSenders,
            Fault::IgnoresCase,
        );
        (sender, message.envelope_nonce().as_bytes().to_vec())
    }

    fn pin_name(&self, server: &ServerId) -> String {
        match self.fault {
            Fault::IgnoresCaseOfPins => server.as_str().to_lowercase(),
            _ => server.to_string(),
        }
    }

    fn look(&self, message: &Verified, state: &State) -> Seen {
        let mut envelope = state.envelopes.get(&self.envelope(message)).map(|(digest, _)| *digest);
        if self.is(Fault::IgnoresDigests) {
            envelope = envelope.map(|_| message.digest());
        }
        if self.is(Fault::AppliesRetriesTwice) {
            envelope = envelope.filter(|digest| *digest != message.digest());
        }
        let transport = state.transport.contains_key(&self.transport(message));
        Seen {
            transport: transport && !self.is(Fault::ForgetsTransportNonces),
            envelope,
        }
    }

    fn leap(&self, message: Verified, seen: Seen, state: &mut State) -> Outcome {
        let (transport, envelope) = (self.transport(&message), self.envelope(&message));
        let (digest, received) = (message.digest(), message.received());
        let receipt = match replay::decide(message, seen) {
            Decision::Refuse(refusal) => {
                if self.is(Fault::RecordsReuses) {
                    state.transport.insert(transport, received);
                }
                return Err(refusal);
            }
            Decision::Retry => {
                state.effects += usize::from(self.is(Fault::AppliesRetriesSecretly));
                if self.is(Fault::ForgetsRetries) {
                    return Ok(Receipt::Retried);
                }
                Receipt::Retried
            }
            Decision::Accept(accepted) => {
                if self.is(Fault::RecordsRefused) {
                    state.envelopes.insert(envelope.clone(), (digest, received));
                }
                handle(accepted.message().kind())?;
                state.effects += 1;
                state.envelopes.insert(envelope, (digest, received));
                Receipt::Applied
            }
        };
        state.transport.insert(transport, received);
        Ok(receipt)
    }
}

#[async_trait]
impl InboxStore for Faulty {
    async fn record(&self, batch: Vec<Verified>) -> Result<Vec<Outcome>, StorageError> {
        let narrow = |message: &Verified| message.envelope_nonce().as_bytes().len() != 16;
        if self.is(Fault::RefusesEverything)
            || self.is(Fault::FailsOnNothing) && batch.is_empty()
            || self.is(Fault::FailsOnMuch) && batch.len() > 256
            || self.is(Fault::IsTooNarrow) && batch.iter().any(narrow)
        {
            return Err(StorageError("it is broken on purpose".to_owned()));
        }
        let before = self.with(|state| state.clone());
        let mut outcomes = Vec::new();
        for message in batch {
            let blind = self.is(Fault::IsBlindToItsBatch);
            let look = |state: &State| self.look(&message, if blind { &before } else { state });
            if self.is(Fault::LooksBeforeItLeaps) {
                let seen = self.with(|state| look(state));
                let_others_run().await;
                outcomes.push(self.with(|state| self.leap(message, seen, state)));
            } else {
                outcomes.push(self.with(|state| self.leap(message.clone(), look(state), state)));
            }
        }
        if self.is(Fault::UndoesBatches) && outcomes.iter().any(Result::is_err) {
            self.with(|state| *state = before);
        }
        if self.is(Fault::Reorders) {
            outcomes.sort_by_key(Result::is_err);
        }
        Ok(outcomes)
    }
}

#[async_trait]
impl PinStore for Faulty {
    async fn pin(&self, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError> {
        Ok(self.with(|state| state.pins.get(&self.pin_name(server)).copied()))
    }

    async fn pin_first(
        &self,
        server: &ServerId,
        key: &VerifyingKey,
        _: UnixMillis,
    ) -> Result<VerifyingKey, StorageError> {
        let name = self.pin_name(server);
        if self.is(Fault::PinsRacers) && self.with(|state| !state.pins.contains_key(&name)) {
            let_others_run().await;
            self.with(|state| state.pins.insert(name.clone(), *key));
        }
        if self.is(Fault::PinsTheLast) {
            self.with(|state| state.pins.insert(name.clone(), *key));
        }
        Ok(self.with(|state| *state.pins.entry(name).or_insert(*key)))
    }

    async fn record_mismatch(
        &self,
        server: &ServerId,
        offered: &VerifyingKey,
        _: UnixMillis,
    ) -> Result<(), StorageError> {
        let name = self.pin_name(server);
        self.with(|state| {
            let fault = if state.pins.contains_key(&name) {
                Fault::PinsMismatches
            } else {
                Fault::PinsStrangers
            };
            if self.is(fault) {
                state.pins.insert(name, *offered);
            }
        });
        Ok(())
    }
}

#[async_trait]
impl Subject for Faulty {
    fn inbox(&self) -> Arc<dyn InboxStore> {
        Arc::new(self.clone())
    }

    fn pins(&self) -> Arc<dyn PinStore> {
        Arc::new(self.clone())
    }

    fn recipient(&self) -> Handle {
        carol()
    }

    async fn sweep(&self, now: UnixMillis) -> Result<(), StorageError> {
        let longest = match self.fault {
            Fault::SweepsTooEarly => NONCE_LIFETIME_MS - 1,
            Fault::NeverSweeps => i64::MAX,
            _ => NONCE_LIFETIME_MS,
        };
        self.with(|state| {
            state.transport.retain(|_, received| now.since(*received) <= longest);
            state
                .envelopes
                .retain(|_, (_, received)| now.since(*received) <= longest);
            state.pins.retain(|_, _| !self.is(Fault::SweepsPins));
        });
        Ok(())
    }

    async fn reopen(&mut self) -> Result<(), StorageError> {
        if self.is(Fault::ForgetsOnRestart) {
            self.state = Arc::default();
        }
        Ok(())
    }

    async fn effects(&self) -> Result<Option<usize>, StorageError> {
        Ok(Some(self.with(|state| state.effects)))
    }

    fn legacy(&self) -> Option<Kind> {
        Some(Kind::FriendInvite)
    }
}

#[async_trait]
impl Bench for Fault {
    async fn empty(&self) -> Result<Box<dyn Subject>, StorageError> {
        Ok(Box::new(Faulty {
            fault: *self,
            state: Arc::default(),
        }))
    }
}

async fn let_others_run() {
    let mut first = true;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::take(&mut first) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}
