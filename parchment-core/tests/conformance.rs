//! The conformance suite passes the stores in memory, and catches stores that are broken on purpose.
#![allow(clippy::unwrap_used)]

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use parchment_core::{
    envelope::Kind,
    handle::Handle,
    inbox::{
        Accepted, Handler, InboxStore, MemoryInbox,
        conformance::{self, Bench, Check, Subject},
    },
    pins::{MemoryPins, PinStore},
    refusal::{Code, Refusal},
    storage::StorageError,
    time::UnixMillis,
};

#[path = "conformance/faulty.rs"]
mod faulty;

use faulty::{FAULTS, Fault};

const NOW: UnixMillis = UnixMillis(1_776_686_400_000);

/// Polls until done. That this is enough shows that the suite needs no runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn carol() -> Handle {
    Handle::parse("carol@home.example").unwrap()
}

fn handle(kind: Kind) -> Result<(), Refusal> {
    match kind {
        Kind::RelationshipRevoke | Kind::FriendInvite => Ok(()),
        _ => Err(Refusal::new(Code::NoInvitation, "Nobody was invited.")),
    }
}

/// Counts what it takes.
struct Counter(usize);

impl Handler for Counter {
    fn handle(&mut self, message: &Accepted) -> Result<(), Refusal> {
        handle(message.message().kind())?;
        self.0 += 1;
        Ok(())
    }
}

struct InMemory;

#[async_trait]
impl Bench for InMemory {
    async fn empty(&self) -> Result<Box<dyn Subject>, StorageError> {
        let (inbox, pins) = (Arc::new(MemoryInbox::new(Counter(0))), Arc::new(MemoryPins::new()));
        Ok(Box::new(MemoryStores { inbox, pins }))
    }
}

struct MemoryStores {
    inbox: Arc<MemoryInbox<Counter>>,
    pins: Arc<MemoryPins>,
}

#[async_trait]
impl Subject for MemoryStores {
    fn inbox(&self) -> Arc<dyn InboxStore> {
        self.inbox.clone()
    }

    fn pins(&self) -> Arc<dyn PinStore> {
        self.pins.clone()
    }

    fn recipient(&self) -> Handle {
        carol()
    }

    async fn sweep(&self, now: UnixMillis) -> Result<(), StorageError> {
        self.inbox.sweep(now);
        Ok(())
    }

    async fn reopen(&mut self) -> Result<(), StorageError> {
        Ok(())
    }

    async fn effects(&self) -> Result<Option<usize>, StorageError> {
        Ok(Some(self.inbox.with_handler(|counter| counter.0)))
    }

    fn legacy(&self) -> Option<Kind> {
        Some(Kind::FriendInvite)
    }
}

#[test]
fn the_stores_in_memory_keep_every_rule() {
    block_on(conformance::run(&InMemory, NOW)).unwrap();
}

#[test]
fn the_suite_runs_on_any_thread_of_a_runtime() {
    fn is_send(_: &impl Send) {}
    is_send(&conformance::run(&InMemory, NOW));
}

#[test]
fn every_check_is_named_once_and_speaks_in_whole_sentences() {
    let mut rules: Vec<_> = Check::ALL.iter().map(|check| check.rule()).collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules.len(), Check::ALL.len());
    assert!(
        rules
            .iter()
            .all(|rule| rule.ends_with('.') && rule.starts_with(char::is_uppercase))
    );
}

fn caught(fault: Fault) -> Vec<Check> {
    let failures = Check::ALL
        .iter()
        .filter_map(|&check| block_on(conformance::run_one(&fault, check, NOW)).err());
    failures
        .inspect(|failure| println!("{fault:?}: {failure}"))
        .map(|failure| failure.check())
        .collect()
}

#[test]
fn without_a_fault_the_model_keeps_every_rule() {
    assert_eq!(caught(Fault::Nothing), []);
}

#[test]
fn every_fault_is_caught_by_the_checks_that_name_it() {
    for (fault, checks) in FAULTS {
        let caught = caught(*fault);
        assert!(
            checks.iter().all(|check| caught.contains(check)),
            "{fault:?} was caught by {caught:?}"
        );
        let first = block_on(conformance::run(fault, NOW)).unwrap_err();
        assert_eq!(Some(&first.check()), caught.first());
    }
}

#[test]
fn every_check_can_fail() {
    for check in Check::ALL {
        assert!(
            FAULTS.iter().any(|(_, checks)| checks.contains(check)),
            "no fault shows that {check:?} can fail"
        );
    }
}
