//! Both nonces are remembered, each under its own name (rule 17.8).

use super::{
    Subject,
    outcomes::{Seen, Want, effects, one},
    post::{ALICE, ALICE_OF_CAPITAL_ONE, ALICE_OF_TWO, Author, BOB, CAPITAL_ALICE, Post, Said},
};

pub(super) async fn new_is_applied(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let outcome = subject
        .inbox()
        .record_one(post.new_request(Said::Taken, 1).await?)
        .await;
    one("A new message", Want::Applied, &outcome)?;
    effects(subject, 1).await
}

pub(super) async fn same_request_is_replay(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (inbox, request) = (subject.inbox(), post.new_request(Said::Taken, 1).await?);
    one("A new message", Want::Applied, &inbox.record_one(request.clone()).await)?;
    one(
        "The same request",
        Want::Replay,
        &inbox.record_one(request.clone()).await,
    )?;
    one(
        "The same request a third time",
        Want::Replay,
        &inbox.record_one(request).await,
    )?;
    effects(subject, 1).await
}

pub(super) async fn same_message_is_retry(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (inbox, message) = (subject.inbox(), post.message(ALICE, Said::Taken, 1)?);
    one(
        "A new message",
        Want::Applied,
        &inbox.record_one(post.request(&message, 1).await?).await,
    )?;
    let retry = post.request(&message, 2).await?;
    one(
        "The same message in a new request",
        Want::Retried,
        &inbox.record_one(retry.clone()).await,
    )?;
    one(
        "The request of the retry again",
        Want::Replay,
        &inbox.record_one(retry).await,
    )?;
    let another = post.request(&message, 3).await?;
    one(
        "The same message in a third request",
        Want::Retried,
        &inbox.record_one(another).await,
    )?;
    effects(subject, 1).await
}

pub(super) async fn other_message_is_nonce_reused(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let inbox = subject.inbox();
    one(
        "A new message",
        Want::Applied,
        &inbox.record_one(post.new_request(Said::Taken, 1).await?).await,
    )?;
    let other = post.message_at(post.now().plus(1), ALICE, Said::Taken, 1)?;
    let other = post.request(&other, 2).await?;
    one(
        "Another message with the same nonce",
        Want::NonceReused,
        &inbox.record_one(other.clone()).await,
    )?;
    one(
        "The refused request again",
        Want::NonceReused,
        &inbox.record_one(other).await,
    )?;
    let free = post.new_request(Said::Taken, 2).await?;
    one(
        "A new message with the transport nonce of the refused one",
        Want::Applied,
        &inbox.record_one(free).await,
    )?;
    effects(subject, 2).await
}

pub(super) async fn senders_are_independent(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    each_is_applied(post, subject, &[(ALICE, 1), (BOB, 2), (ALICE_OF_TWO, 3)]).await
}

pub(super) async fn servers_are_independent(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    each_is_applied(post, subject, &[(ALICE, 1), (ALICE_OF_TWO, 1)]).await
}

pub(super) async fn names_are_exact(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    each_is_applied(
        post,
        subject,
        &[(ALICE, 1), (CAPITAL_ALICE, 2), (ALICE_OF_CAPITAL_ONE, 1)],
    )
    .await
}

/// One message of each author, all with the same envelope nonce; the numbers are transport nonces.
async fn each_is_applied(post: &Post, subject: &dyn Subject, letters: &[(Author, u64)]) -> Result<(), Seen> {
    let inbox = subject.inbox();
    for (author, transport) in letters {
        let request = post
            .request(&post.message(*author, Said::Taken, 1)?, *transport)
            .await?;
        let what = format!("The message of {}", request.message().from());
        one(&what, Want::Applied, &inbox.record_one(request.clone()).await)?;
        one(&format!("{what} again"), Want::Replay, &inbox.record_one(request).await)?;
    }
    effects(subject, letters.len()).await
}

pub(super) async fn legacy_is_remembered(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let Some(kind) = subject.legacy() else { return Ok(()) };
    let (inbox, message) = (subject.inbox(), post.legacy(ALICE, kind)?);
    let request = post.request(&message, 1).await?;
    one(
        "A new legacy message",
        Want::Applied,
        &inbox.record_one(request.clone()).await,
    )?;
    one("The same request", Want::Replay, &inbox.record_one(request).await)?;
    let retry = post.request(&message, 2).await?;
    one(
        "The same legacy message in a new request",
        Want::Retried,
        &inbox.record_one(retry).await,
    )?;
    effects(subject, 1).await
}
