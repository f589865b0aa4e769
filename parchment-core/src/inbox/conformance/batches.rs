//! Batches are recorded as if one by one, in order.

use super::{
    Subject,
    outcomes::{Seen, Want, all, effects},
    post::{ALICE, Post, Said},
};

/// More than a statement of some databases has room for, when every message takes several parameters.
const LARGE: u64 = 300;

pub(super) async fn batch_sees_itself(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let inbox = subject.inbox();
    let message = post.message(ALICE, Said::Taken, 1)?;
    let request = post.request(&message, 1).await?;
    let outcomes = inbox.record(vec![request.clone(), request]).await?;
    all(
        "A request twice in one batch",
        &[Want::Applied, Want::Replay],
        &outcomes,
    )?;

    let message = post.message(ALICE, Said::Taken, 2)?;
    let batch = vec![post.request(&message, 2).await?, post.request(&message, 3).await?];
    all(
        "A message twice in one batch",
        &[Want::Applied, Want::Retried],
        &inbox.record(batch).await?,
    )?;

    let other = post.message_at(post.now().plus(1), ALICE, Said::Taken, 4)?;
    let batch = vec![post.new_request(Said::Taken, 4).await?, post.request(&other, 5).await?];
    all(
        "A nonce twice in one batch",
        &[Want::Applied, Want::NonceReused],
        &inbox.record(batch).await?,
    )?;

    let batch = vec![
        post.new_request(Said::Refused, 6).await?,
        post.new_request(Said::Taken, 6).await?,
    ];
    let want = [Want::Handler, Want::Applied];
    all(
        "A refused message and another with its nonces in one batch",
        &want,
        &inbox.record(batch).await?,
    )?;
    effects(subject, 4).await
}

pub(super) async fn outcomes_in_order(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let inbox = subject.inbox();
    let message = post.message(ALICE, Said::Taken, 1)?;
    let known = post.request(&message, 1).await?;
    all(
        "A batch of one",
        &[Want::Applied],
        &inbox.record(vec![known.clone()]).await?,
    )?;
    let other = post.message_at(post.now().plus(1), ALICE, Said::Taken, 1)?;
    let batch = vec![
        // The highest numbers first: the order given is not the order of the nonces.
        post.new_request(Said::Taken, 9).await?,
        known,
        post.new_request(Said::Refused, 8).await?,
        post.request(&message, 7).await?,
        post.new_request(Said::Taken, 6).await?,
        post.request(&other, 5).await?,
        post.new_request(Said::Taken, 4).await?,
    ];
    let want = [
        Want::Applied,
        Want::Replay,
        Want::Handler,
        Want::Retried,
        Want::Applied,
        Want::NonceReused,
        Want::Applied,
    ];
    all("A batch of all kinds", &want, &inbox.record(batch).await?)?;
    effects(subject, 4).await
}

pub(super) async fn empty_batch(_: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    all("An empty batch", &[], &subject.inbox().record(Vec::new()).await?)?;
    effects(subject, 0).await
}

pub(super) async fn large_batch(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let mut batch = Vec::new();
    for number in 0..LARGE {
        batch.push(post.new_request(Said::Taken, number).await?);
    }
    let inbox = subject.inbox();
    all(
        "A large batch",
        &vec![Want::Applied; batch.len()],
        &inbox.record(batch.clone()).await?,
    )?;
    effects(subject, batch.len()).await?;
    all(
        "The large batch again",
        &vec![Want::Replay; batch.len()],
        &inbox.record(batch).await?,
    )
}
