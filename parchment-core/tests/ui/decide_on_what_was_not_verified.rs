//! The replay check decides on what `verify` gives.
use parchment_core::{
    inbox::Authenticated,
    replay::{self, Seen},
};

fn skip(request: Authenticated) {
    let _ = replay::decide(request, Seen::default());
}

fn main() {}
