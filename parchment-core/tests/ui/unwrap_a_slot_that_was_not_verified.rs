//! A slot as it arrives gives no seed.

use parchment_core::{derive::PrfWrapKey, slot::Slot};

fn recover(slot: &Slot, key: &PrfWrapKey) {
    let _ = slot.unwrap(key);
}

fn main() {}
