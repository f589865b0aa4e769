//! A message that was read cannot be changed.
use parchment_core::{envelope::UserMessage, handle::Handle};

fn redirect(message: UserMessage, to: Handle) -> UserMessage {
    UserMessage { to, ..message }
}

fn main() {}
