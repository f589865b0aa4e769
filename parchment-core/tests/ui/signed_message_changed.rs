//! A message cannot be exchanged under its signature.
use parchment_core::envelope::{SignedMessage, UserMessage};

fn exchange(signed: &mut SignedMessage, message: UserMessage) {
    signed.message = message;
}

fn main() {}
