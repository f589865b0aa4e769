//! A step consumes what it is given.
use parchment_core::{
    directory::StaticDirectory,
    inbox::{Inbox, Parsed},
    pins::MemoryPins,
};

async fn again(inbox: &Inbox<StaticDirectory, MemoryPins>, request: Parsed) {
    let _ = inbox.authenticate(request).await;
    let _ = inbox.authenticate(request).await;
}

fn main() {}
