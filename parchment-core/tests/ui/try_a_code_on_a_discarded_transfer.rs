//! A try uses the state up; only what it gives back can be tried again.

use parchment_core::transfer::{AwaitingCode, TransferCode};

fn guess(waiting: AwaitingCode, one: &TransferCode, other: &TransferCode) {
    let _ = waiting.try_code(one);
    let _ = waiting.try_code(other);
}

fn main() {}
