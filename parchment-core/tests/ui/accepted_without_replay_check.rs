//! A verified message becomes an accepted one in the replay check and nowhere else.
use parchment_core::inbox::{Accepted, Verified};

fn skip(message: Verified) -> Accepted {
    Accepted::new(message)
}

fn main() {}
