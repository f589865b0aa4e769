//! A verified message cannot be put together by hand, nor changed.
use parchment_core::{envelope::UserMessage, inbox::Verified};

fn change(message: UserMessage, verified: Verified) -> Verified {
    Verified { message, ..verified }
}

fn main() {}
