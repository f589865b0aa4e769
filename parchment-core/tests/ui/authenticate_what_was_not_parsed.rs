//! `authenticate` takes what `parse` gives.
use parchment_core::{
    directory::StaticDirectory,
    inbox::{Inbox, RawRequest},
    pins::MemoryPins,
};

async fn skip(inbox: &Inbox<StaticDirectory, MemoryPins>, request: RawRequest<'_>) {
    let _ = inbox.authenticate(request).await;
}

fn main() {}
