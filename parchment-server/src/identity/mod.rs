//! Who a user is to other servers: alias and keys, reset, and the revocations that follow it.

pub mod alias;
pub mod api;
pub mod keys;
pub mod reset;
pub mod revocations;
