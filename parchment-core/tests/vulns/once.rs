//! Statements 10 to 12: once, however often it comes, and for as long as it can come.

use std::sync::Arc;

use parchment_core::{
    envelope::Kind,
    inbox::{Accepted, InboxStore as _, MemoryInbox, Receipt},
    refusal::{Code, Refusal},
    replay::NONCE_LIFETIME_MS,
    request::ServerIdentity,
    time::FRESHNESS_WINDOW_MS,
};

use super::world::{NOW, World, carried, ready, said};
use crate::sample::home;

type Effects = MemoryInbox<fn(&Accepted) -> Result<(), Refusal>>;

fn store() -> Effects {
    MemoryInbox::new(|_| Ok(()))
}

#[test]
fn s10_a_message_is_applied_once_through_whatever_request_it_comes() {
    let (world, store) = (World::new(), store());
    let message = said(Kind::FriendInvite, 1, NOW);
    let first = carried(&home(), &message, 1, NOW);
    assert_eq!(world.receive(&store, &first, NOW), Ok(Receipt::Applied));
    for (later, nonce) in [(0, 2), (1, 3), (1_000, 4), (FRESHNESS_WINDOW_MS, 5)] {
        let now = NOW.plus(later);
        let replay = world.receive(&store, &first, now).unwrap_err();
        assert_eq!(replay.code(), Code::Replay);
        let retry = world.receive(&store, &carried(&home(), &message, nonce, now), now);
        assert_eq!(retry, Ok(Receipt::Retried), "{later}");
    }
    // Another server cannot bring it at all, and the same nonce does not carry another message.
    let other = ServerIdentity::new(super::world::server("c.example"), &[1; 32]);
    let refusal = world
        .receive(&store, &carried(&other, &message, 9, NOW), NOW)
        .unwrap_err();
    assert_eq!(refusal.code(), Code::OriginMismatch);
    let reused = carried(&home(), &said(Kind::RelationshipRevoke, 1, NOW), 10, NOW);
    assert_eq!(
        world.receive(&store, &reused, NOW).unwrap_err().code(),
        Code::NonceReused
    );
}

#[test]
fn s10_of_copies_that_race_on_threads_one_is_applied() {
    for _ in 0..20 {
        let (world, store) = (World::new(), Arc::new(store()));
        let message = said(Kind::FriendInvite, 1, NOW);
        let verified: Vec<_> = (0..8)
            .map(|nonce| world.verified(&carried(&home(), &message, nonce, NOW), NOW).unwrap())
            .collect();
        let threads: Vec<_> = verified
            .into_iter()
            .map(|message| {
                let store = store.clone();
                std::thread::spawn(move || ready(store.record_one(message)))
            })
            .collect();
        let outcomes: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap())
            .collect();
        let applied = outcomes.iter().filter(|receipt| **receipt == Receipt::Applied).count();
        assert_eq!((applied, outcomes.len()), (1, 8));
    }
}

#[test]
fn s11_a_retry_is_taken_like_the_first_and_not_as_a_replay() {
    let (world, store) = (World::new(), store());
    let message = said(Kind::FriendInvite, 1, NOW);
    for nonce in 0..5 {
        let outcome = world.receive(&store, &carried(&home(), &message, nonce, NOW), NOW);
        // Both receipts are answered 202.
        assert_eq!(
            outcome,
            Ok(if nonce == 0 { Receipt::Applied } else { Receipt::Retried })
        );
    }
}

#[test]
fn s12_a_nonce_outlives_every_moment_at_which_its_message_is_fresh() {
    assert_eq!(NONCE_LIFETIME_MS, 1_200_000);
    assert_eq!(NONCE_LIFETIME_MS, 2 * 2 * FRESHNESS_WINDOW_MS);
    // Signed anywhere in the window, swept as late as sweeping may leave it, and sent again at any fresh moment.
    for signed in [-FRESHNESS_WINDOW_MS, -1, 0, 1, FRESHNESS_WINDOW_MS] {
        for swept in [0, FRESHNESS_WINDOW_MS, 2 * FRESHNESS_WINDOW_MS, NONCE_LIFETIME_MS] {
            for again in [-FRESHNESS_WINDOW_MS, 0, FRESHNESS_WINDOW_MS] {
                let (world, store) = (World::new(), store());
                let at = NOW.plus(signed);
                let message = said(Kind::FriendInvite, 1, at);
                let request = carried(&home(), &message, 1, at);
                assert_eq!(world.receive(&store, &request, NOW), Ok(Receipt::Applied));
                assert_eq!(store.sweep(NOW.plus(swept)), 2, "signed {signed}, swept {swept}");
                let now = at.plus(again);
                let refusal = world.receive(&store, &request, now).unwrap_err();
                assert_eq!(
                    refusal.code(),
                    Code::Replay,
                    "signed {signed}, swept {swept}, again {again}"
                );
                let retry = world.receive(&store, &carried(&home(), &message, 2, now), now);
                assert_eq!(retry, Ok(Receipt::Retried));
            }
        }
    }
}

#[test]
fn s12_what_can_be_swept_is_too_old_to_be_taken() {
    let (world, store) = (World::new(), store());
    let latest = NOW.plus(FRESHNESS_WINDOW_MS);
    let request = carried(&home(), &said(Kind::FriendInvite, 1, latest), 1, latest);
    assert_eq!(world.receive(&store, &request, NOW), Ok(Receipt::Applied));
    let swept = NOW.plus(NONCE_LIFETIME_MS + 1);
    assert_eq!(store.sweep(swept), 0);
    assert_eq!(
        world.receive(&store, &request, swept).unwrap_err().code(),
        Code::StaleRequest
    );
}
