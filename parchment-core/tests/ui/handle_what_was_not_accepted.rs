//! A handler is given accepted messages only.
use parchment_core::inbox::{Handler, Verified};

fn skip(handler: &mut dyn Handler, message: Verified) {
    let _ = handler.handle(&message);
}

fn main() {}
