//! Friends and invitations: what users do about each other, here and across servers.
//!
//! `between` holds the rules, used by both directions: what a message from elsewhere does, and what a user of this
//! server does to another one of it. `received` applies them to batches of messages, [`relations`] to the rows of one
//! pair. [`invitations`] and [`friendships`] are what a user does, including telling the other server.

pub mod api;
mod between;
pub mod friendships;
pub mod invitations;
pub(crate) mod received;
pub mod relations;
