//! One suite that every store runs in full, whatever it stores in.
//!
//! The contracts of [`InboxStore`] and [`PinStore`] say what a store promises; this says whether
//! it keeps it. A backend describes itself as a [`Bench`] and calls [`run`]; each [`Check`] gets
//! empty storage of its own, so that a failure means what its rule says and nothing else.
//!
//! The suite needs no runtime, draws nothing at random and reads no clock: its keys, names and
//! nonces are fixed, and `now` is given to it. Its messages went through [`Inbox`](crate::inbox::Inbox) like
//! anybody's, signed by users of the servers `one.example` and `two.example`, who are strangers
//! to the recipient. Two kinds suffice, because what they do depends on no handler's mood:
//! `RELATIONSHIP_REVOKE` from a stranger is taken, though there is nothing to revoke, and
//! `FRIEND_ACCEPT` without an invitation is refused by the handler.
//!
//! What no suite of this kind can see is left to the backend's own tests: that a crash in the
//! middle of `record` leaves nothing behind, and that real threads race as its tasks do here.
//!
//! ```
//! use std::sync::Arc;
//!
//! use parchment_core::{
//!     envelope::Kind,
//!     handle::Handle,
//!     inbox::{Accepted, InboxStore, MemoryInbox, conformance::{self, Bench, Subject}},
//!     pins::{MemoryPins, PinStore},
//!     refusal::{Code, Refusal},
//!     storage::StorageError,
//!     time::UnixMillis,
//! };
//!
//! fn handle(message: &Accepted) -> Result<(), Refusal> {
//!     match message.message().kind() {
//!         Kind::FriendAccept => Err(Refusal::new(Code::NoInvitation, "Nobody was invited.")),
//!         _ => Ok(()),
//!     }
//! }
//!
//! struct InMemory;
//!
//! #[async_trait::async_trait]
//! impl Bench for InMemory {
//!     async fn empty(&self) -> Result<Box<dyn Subject>, StorageError> {
//!         Ok(Box::new(Stores { inbox: Arc::new(MemoryInbox::new(handle)), pins: Arc::new(MemoryPins::new()) }))
//!     }
//! }
//!
//! struct Stores {
//!     inbox: Arc<MemoryInbox<fn(&Accepted) -> Result<(), Refusal>>>,
//!     pins: Arc<MemoryPins>,
//! }
//!
//! #[async_trait::async_trait]
//! impl Subject for Stores {
//!     fn inbox(&self) -> Arc<dyn InboxStore> {
//!         self.inbox.clone()
//!     }
//!     fn pins(&self) -> Arc<dyn PinStore> {
//!         self.pins.clone()
//!     }
//!     fn recipient(&self) -> Handle {
//!         Handle::parse("carol@home.example").unwrap()
//!     }
//!     async fn sweep(&self, now: UnixMillis) -> Result<(), StorageError> {
//!         self.inbox.sweep(now);
//!         Ok(())
//!     }
//!     async fn reopen(&mut self) -> Result<(), StorageError> {
//!         Ok(()) // memory has nothing to come back to
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! conformance::run(&InMemory, UnixMillis(1_776_686_400_000)).await.unwrap();
//! # }
//! ```

mod batches;
mod check;
mod handlers;
mod join;
mod nonces;
mod outcomes;
mod pins;
mod post;
mod races;
mod times;

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    envelope::Kind, handle::Handle, inbox::InboxStore, pins::PinStore, storage::StorageError, time::UnixMillis,
};

pub use check::{Check, Failure};

/// A backend under test: where empty storage comes from.
#[async_trait]
pub trait Bench: Send + Sync {
    /// Storage in which nothing was ever recorded, shared with nobody.
    async fn empty(&self) -> Result<Box<dyn Subject>, StorageError>;
}

/// One storage under test, with its two stores.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Where messages are recorded.
    ///
    /// Its handler takes `RELATIONSHIP_REVOKE` from strangers and refuses `FRIEND_ACCEPT` from
    /// them, with a code of [`Class::Message`](crate::refusal::Class::Message).
    fn inbox(&self) -> Arc<dyn InboxStore>;

    /// Where keys are pinned.
    fn pins(&self) -> Arc<dyn PinStore>;

    /// To whom the messages go: somebody whom the handler knows, on any server.
    fn recipient(&self) -> Handle;

    /// Forgets what may be forgotten at `now`.
    async fn sweep(&self, now: UnixMillis) -> Result<(), StorageError>;

    /// Closes the storage and opens it again, as a restart does; does nothing where nothing outlives the process.
    ///
    /// Afterwards [`Self::inbox`] and [`Self::pins`] give the stores that were opened.
    async fn reopen(&mut self) -> Result<(), StorageError>;

    /// How many messages have taken effect, where the backend can count them.
    ///
    /// Without it the suite believes the outcomes; with it, a store that says "retried" and acts
    /// twice is found out.
    async fn effects(&self) -> Result<Option<usize>, StorageError> {
        Ok(None)
    }

    /// A kind of legacy message that the handler takes from strangers, where it takes any.
    ///
    /// Legacy messages have a signature of 64 bytes for a nonce, which a store can be too narrow for.
    fn legacy(&self) -> Option<Kind> {
        None
    }
}

/// Runs every check; stops at the first that fails.
///
/// `now` is when the messages come in. Any instant will do for a store that keeps no clock of its own.
///
/// # Errors
///
/// The [`Failure`] of the first check that failed.
pub async fn run(bench: &dyn Bench, now: UnixMillis) -> Result<(), Failure> {
    for &check in Check::ALL {
        run_one(bench, check, now).await?;
    }
    Ok(())
}

/// Runs one check, for backends that make each a test of its own.
///
/// # Errors
///
/// The [`Failure`] of this check.
pub async fn run_one(bench: &dyn Bench, check: Check, now: UnixMillis) -> Result<(), Failure> {
    check.run(bench, now).await.map_err(|seen| Failure::new(check, seen))
}
