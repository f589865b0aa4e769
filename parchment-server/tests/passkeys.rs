//! Passkeys, with a software authenticator that takes and gives what browsers do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "passkeys/hostile.rs"]
mod hostile;
#[path = "passkeys/limits.rs"]
mod limits;
#[path = "passkeys/prf.rs"]
mod prf;
#[path = "passkeys/registering.rs"]
mod registering;
#[path = "passkeys/rs256.rs"]
mod rs256;
#[path = "passkeys/signing_in.rs"]
mod signing_in;
