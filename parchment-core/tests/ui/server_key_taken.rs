//! A server's key cannot be taken out to sign other things with.
use parchment_core::{keys::SigningKey, request::ServerIdentity};

fn take(server: ServerIdentity) -> SigningKey {
    server.key
}

fn main() {}
