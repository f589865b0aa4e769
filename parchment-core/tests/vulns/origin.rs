//! Statements 1 and 14: who speaks for whom is decided before anything is looked up or kept.

use parchment_core::{envelope::Kind, refusal::Code, request::ServerIdentity};

use super::world::{NOW, World, carried, said, server};
use crate::sample::home;

#[test]
fn s01_a_sender_from_elsewhere_is_refused_before_any_look_up() {
    let world = World::new();
    let message = said(Kind::FriendInvite, 1, NOW);
    for name in [
        "evil.example",
        "A.example",
        "a.example.evil.example",
        "a.example:443",
        "x.a.example",
        "b.example",
    ] {
        let liar = ServerIdentity::new(server(name), &[1; 32]);
        let refusal = world.verified(&carried(&liar, &message, 1, NOW), NOW).unwrap_err();
        assert_eq!(refusal.code(), Code::OriginMismatch, "{name}");
    }
    assert_eq!((world.directory.asked(), world.pins.uses()), (0, (0, 0)));
    assert!(world.verified(&carried(&home(), &message, 1, NOW), NOW).is_ok());
}

#[test]
fn s14_a_server_is_pinned_only_after_its_signature_has_verified() {
    let world = World::new();
    let message = said(Kind::FriendInvite, 1, NOW);
    let impostor = ServerIdentity::new(home().id().clone(), &[9; 32]);
    for nonce in 0..10 {
        let refusal = world
            .verified(&carried(&impostor, &message, nonce, NOW), NOW)
            .unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidServerSignature);
    }
    assert_eq!(world.pins.uses(), (10, 0));
    world.verified(&carried(&home(), &message, 1, NOW), NOW).unwrap();
    assert_eq!(world.pins.uses(), (11, 1));
}
