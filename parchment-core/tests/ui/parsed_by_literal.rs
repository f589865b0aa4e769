//! A checked request cannot be put together by hand, nor given another time of receipt.
use parchment_core::{inbox::Parsed, time::UnixMillis};

fn refresh(request: Parsed, received: UnixMillis) -> Parsed {
    Parsed { received, ..request }
}

fn main() {}
