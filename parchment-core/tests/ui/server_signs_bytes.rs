//! A server's key signs wrappers: neither bytes, nor texts, nor what users say.
use parchment_core::{envelope::UserMessage, request::ServerIdentity};

fn sign(server: &ServerIdentity, message: UserMessage) {
    server.sign(b"bytes");
    server.sign("text");
    message.sign(server);
}

fn main() {}
