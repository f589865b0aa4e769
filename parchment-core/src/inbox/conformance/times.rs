//! Nonces stay as long as they must, across restarts, and no longer.

use super::{
    Subject,
    outcomes::{Seen, Want, effects, one},
    post::{ALICE, Post, Said},
};
use crate::replay::NONCE_LIFETIME_MS;

/// How much older than it must be a nonce may be and still be kept: sweepers count in seconds.
const LEEWAY_MS: i64 = 1_000;

pub(super) async fn nonces_survive_reopening(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let request = post.new_request(Said::Taken, 1).await?;
    one(
        "A new message",
        Want::Applied,
        &subject.inbox().record_one(request.clone()).await,
    )?;
    subject.reopen().await?;
    let (inbox, message) = (subject.inbox(), post.message(ALICE, Said::Taken, 1)?);
    one(
        "The same request after a restart",
        Want::Replay,
        &inbox.record_one(request).await,
    )?;
    let retry = post.request(&message, 2).await?;
    one(
        "The same message after a restart",
        Want::Retried,
        &inbox.record_one(retry).await,
    )?;
    let other = post.message_at(post.now().plus(1), ALICE, Said::Taken, 1)?;
    let other = post.request(&other, 3).await?;
    one(
        "Another message with the same nonce after a restart",
        Want::NonceReused,
        &inbox.record_one(other).await,
    )
}

pub(super) async fn sweep_keeps_the_young(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (inbox, message) = (subject.inbox(), post.message(ALICE, Said::Taken, 1)?);
    let request = post.request(&message, 1).await?;
    one("A new message", Want::Applied, &inbox.record_one(request.clone()).await)?;
    for age in [0, 1, NONCE_LIFETIME_MS - 1, NONCE_LIFETIME_MS] {
        subject.sweep(post.now().plus(age)).await?;
        let what = format!("The same request after a sweep {age} ms later");
        one(&what, Want::Replay, &inbox.record_one(request.clone()).await)?;
    }
    // Last, because a retry records a nonce of its own.
    let retry = post.request(&message, 2).await?;
    one(
        "The same message after those sweeps",
        Want::Retried,
        &inbox.record_one(retry).await,
    )?;
    effects(subject, 1).await
}

pub(super) async fn sweep_forgets_the_old(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let inbox = subject.inbox();
    let old = post
        .request_at(post.now().plus(-LEEWAY_MS), &post.message(ALICE, Said::Taken, 1)?, 1)
        .await?;
    let young = post.new_request(Said::Taken, 2).await?;
    one("A message", Want::Applied, &inbox.record_one(old.clone()).await)?;
    one(
        "A message a second later",
        Want::Applied,
        &inbox.record_one(young.clone()).await,
    )?;
    subject.sweep(post.now().plus(NONCE_LIFETIME_MS)).await?;
    one(
        "The younger request after a sweep",
        Want::Replay,
        &inbox.record_one(young).await,
    )?;
    one(
        "The older request after the same sweep",
        Want::Applied,
        &inbox.record_one(old).await,
    )?;
    effects(subject, 3).await
}
