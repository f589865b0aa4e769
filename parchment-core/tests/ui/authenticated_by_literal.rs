//! An authenticated request cannot be put together by hand.
use parchment_core::{envelope::SignedMessage, inbox::Authenticated, request::RequestHead, time::UnixMillis};

fn forge(head: RequestHead, message: SignedMessage, received: UnixMillis) -> Authenticated {
    Authenticated {
        head,
        message,
        received,
    }
}

fn main() {}
