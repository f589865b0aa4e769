//! `verify` takes what `authenticate` gives.
use parchment_core::{
    directory::StaticDirectory,
    inbox::{Inbox, Parsed},
    pins::MemoryPins,
};

async fn skip(inbox: &Inbox<StaticDirectory, MemoryPins>, request: Parsed) {
    let _ = inbox.verify(request).await;
}

fn main() {}
