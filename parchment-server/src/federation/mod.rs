//! Other servers: being one among them, receiving from them and sending to them.
//!
//! In: [`api`] takes requests, [`parchment_core::inbox`] decides on them, [`inbox`] records them; `documents` answers what
//! is asked most.
//! Out: [`envelope`] checks what a client signed, [`outbox`] sends it. Between the two,
//! [`peers`] asks other servers who they and their users are, and [`pins`] remembers it; [`refusals`] remembers what
//! was refused on either side, for the operator.
//! [`fairness`] keeps any of them from taking the time of the rest.

pub mod advice;
pub mod api;
mod cache;
pub(crate) mod documents;
pub mod envelope;
pub mod fairness;
pub mod fetch;
pub mod fingerprint;
pub mod guard;
pub mod identity;
pub mod inbox;
pub mod outbox;
pub mod peers;
pub mod pins;
pub mod refusals;
pub mod report;
