//! An accepted message cannot be put together by hand.
use parchment_core::inbox::{Accepted, Verified};

fn forge(message: Verified) -> Accepted {
    Accepted(message)
}

fn main() {}
