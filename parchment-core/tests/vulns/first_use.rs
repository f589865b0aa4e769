//! Statement 22: the key of the first use stays.

use std::sync::Arc;

use parchment_core::{
    envelope::Kind,
    pins::{MemoryPins, PinStore as _},
    refusal::Code,
    request::ServerIdentity,
};

use super::world::{NOW, World, carried, ready, said};
use crate::sample::home;

#[test]
fn s22_a_changed_key_is_refused_and_recorded_beside_the_pin() {
    let world = World::new();
    let message = said(Kind::FriendInvite, 1, NOW);
    world.verified(&carried(&home(), &message, 1, NOW), NOW).unwrap();

    let usurper = ServerIdentity::new(home().id().clone(), &[9; 32]);
    world.directory.publish(usurper.public_key());
    for nonce in 2..5 {
        let refusal = world
            .verified(&carried(&usurper, &message, nonce, NOW), NOW)
            .unwrap_err();
        assert_eq!(refusal.code(), Code::PinMismatch);
    }
    assert_eq!(ready(world.pins.pin(home().id())).unwrap(), Some(home().public_key()));
    assert_eq!(world.pins.pins.mismatch(home().id()), Some(usurper.public_key()));
    // The pin authenticates without asking anybody but for the sender's key.
    let asked = world.directory.asked();
    world.verified(&carried(&home(), &message, 6, NOW), NOW).unwrap();
    assert_eq!(world.directory.asked() - asked, 1);
}

#[test]
fn s22_of_first_contacts_that_race_on_threads_all_get_the_one_pin() {
    for _ in 0..50 {
        let pins = Arc::new(MemoryPins::new());
        let threads: Vec<_> = (0..8)
            .map(|seed| {
                let pins = pins.clone();
                let key = ServerIdentity::new(home().id().clone(), &[seed; 32]).public_key();
                std::thread::spawn(move || ready(pins.pin_first(home().id(), &key, NOW)).unwrap())
            })
            .collect();
        let got: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let stands = ready(pins.pin(home().id())).unwrap().unwrap();
        assert!(got.iter().all(|key| *key == stands));
    }
}
