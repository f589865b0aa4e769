//! An accepted message is the permission for one effect, so there is no second copy of it.
use parchment_core::inbox::Accepted;

fn twice(message: Accepted) -> [Accepted; 2] {
    [message.clone(), message]
}

fn main() {}
