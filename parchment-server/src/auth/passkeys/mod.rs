//! Passkeys: registering them, signing in with them, and their PRF output.
//!
//! webauthn-rs verifies what authenticators say; what is kept between the beginning and the end of a ceremony, and what
//! follows from it, is ours:
//!
//! * A challenge is a row, drawn here, good for one purpose (and one user, when she registers), once, for five minutes.
//!   The answer names it inside the client data that the authenticator signs; that finds the row and ties the answer to
//!   the browser that asked.
//! * The signature is verified first, and changes nothing while it does. Then one transaction takes the challenge and
//!   does what follows from it: of any number of racing answers one finds it, and an answer that does not verify takes
//!   nothing from anybody.
//! * A PRF output is the client's secret. The server has no use for it and refuses answers that contain one.

pub mod api;
mod challenges;
mod names;
mod prf;
mod registration;
mod relying_party;
mod responses;
mod sign_in;
mod stored;

pub use self::{challenges::sweep, relying_party::RelyingParty};

use poem::http::StatusCode;

use crate::http::problem::Problem;

fn challenge_not_found() -> Problem {
    let message = "There is no such challenge, or it was used, was for something else or came too late; begin again.";
    Problem::new(StatusCode::UNAUTHORIZED, "challenge_not_found", message)
}

fn passkey_not_found() -> Problem {
    let message = "This passkey is not registered here; it may have been deleted.";
    Problem::new(StatusCode::UNAUTHORIZED, "passkey_not_found", message)
}

fn verification_failed(message: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "passkey_verification_failed", message)
}
