//! A name that was not read is no name.
use parchment_core::handle::{Alias, ServerId};

fn forge() -> (Alias, ServerId) {
    (Alias("a".into()), ServerId("evil/../".into()))
}

fn main() {}
