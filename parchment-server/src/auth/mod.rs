//! Who is asking: sign-in codes by mail, passkeys, sessions, and the caller of a request.
//!
//! A code is 8 digits, good for 15 minutes and one use, and dead after 5 wrong tries; with at most
//! 10 codes a day for an address, somebody who guesses is right with a probability of at most
//! 10 × 5 / 10^8, one in two million, per address and day. Codes that the operator prints on the
//! machine itself come on top. A session token is 256 random bits. Both are stored hashed.

pub mod api;
pub mod caller;
pub mod codes;
pub mod cookie;
pub mod passkeys;
pub mod permissions;
pub mod permitted;
pub mod renewal;
pub mod sessions;
pub mod signing_out;
