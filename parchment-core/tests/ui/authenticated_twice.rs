//! A step consumes what it is given.
use parchment_core::{
    directory::StaticDirectory,
    inbox::{Authenticated, Inbox},
    pins::MemoryPins,
};

async fn again(inbox: &Inbox<StaticDirectory, MemoryPins>, request: Authenticated) {
    let _ = inbox.verify(request).await;
    let _ = inbox.verify(request).await;
}

fn main() {}
