//! What a request says cannot be looked at before its author's signature is checked.
use parchment_core::inbox::{Authenticated, Parsed};

fn look(parsed: &Parsed, authenticated: &Authenticated) {
    let _ = parsed.message;
    let _ = authenticated.message;
}

fn main() {}
