//! The Parchment federation protocol, without I/O.
//!
//! Users keep an identity, `alice@home.example`, on a server they choose, and servers talk to
//! each other by signed messages: the user signs what she says with a key that only her devices
//! hold, her server signs the request that carries it, and the receiver believes nothing that it
//! has not verified. This crate is that protocol for programs of any kind: it has no runtime,
//! opens no connection, touches no disk; time and randomness are parameters.
//!
//! * Texts and keys: [`handle`], [`encoding`], [`canonical`], [`time`], [`nonce`], [`keys`]
//! * Signed things: [`envelope`], [`request`], [`manifest`]
//! * Sealed things: [`derive`](mod@derive) makes a user's keys from her master seed, [`seal`] has the envelope and the
//!   kinds of record, [`share`] what friends seal to each other
//! * The seed on its ways: [`prf`] and [`slot`] for recovery by passkey, [`seed_wrap`] in a browser, [`transfer`] from
//!   device to device; [`safety`] for people who compare keys
//! * Rules over storage: [`pins`], [`replay`], [`inbox`], with [`directory`] for what must be
//!   fetched, [`reach`] for where from, and [`storage`] for what all stores have in common
//! * What is refused, and why: [`refusal`]; what the design excludes, and which test shows it: [`vulns`]
//! * The HTTP interface as types: [`api`], with its traffic [`limits`]
//!
//! "Protocol section" in these pages means a section of `docs/protocol.md` in this repository;
//! its section 17 lists where this implementation is stricter than others.
//!
//! # Receiving a message
//!
//! ```
//! use parchment_core::{
//!     directory::StaticDirectory,
//!     envelope::Kind,
//!     handle::ServerId,
//!     inbox::{Accepted, Inbox, MemoryInbox, Policy, RawRequest},
//!     pins::MemoryPins,
//!     time::{FixedClock, UnixMillis},
//! };
//!
//! # async fn receive(headers: &[(&str, &[u8])], body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = Inbox::new(
//!     ServerId::parse("home.example")?,
//!     Policy::new([Kind::RelationshipRevoke]),
//!     StaticDirectory::new(), // or one that fetches
//!     MemoryPins::new(),
//! );
//! let store = MemoryInbox::new(|message: &Accepted| {
//!     println!("{} says {}", message.message().from(), message.message().kind());
//!     Ok(())
//! });
//! let clock = FixedClock(UnixMillis(1_776_686_400_000)); // or the system's
//! match inbox.receive(RawRequest { headers, body }, &clock, &store).await {
//!     Ok(_receipt) => println!("202"),
//!     Err(refusal) => println!("{} {}", refusal.code().class().status(), refusal),
//! }
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod api;
pub mod canonical;
pub mod derive;
pub mod directory;
pub mod encoding;
pub mod envelope;
pub mod handle;
pub mod inbox;
pub mod keys;
pub mod limits;
pub mod manifest;
pub mod nonce;
pub mod pins;
pub mod prf;
pub mod reach;
pub mod refusal;
pub mod replay;
pub mod request;
pub mod safety;
pub mod seal;
mod secret;
pub mod seed_wrap;
pub mod share;
pub mod slot;
pub mod storage;
pub mod time;
pub mod transfer;
pub mod vulns;
