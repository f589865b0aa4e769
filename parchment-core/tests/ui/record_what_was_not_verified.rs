//! A store takes what `verify` gives.
use parchment_core::inbox::{Authenticated, InboxStore};

async fn skip(store: &dyn InboxStore, request: Authenticated) {
    let _ = store.record_one(request).await;
}

fn main() {}
