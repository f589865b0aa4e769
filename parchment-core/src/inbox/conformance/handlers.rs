//! A message that its handler refuses has not happened.

use super::{
    Subject,
    outcomes::{Seen, Want, all, code, effects, one},
    post::{ALICE, Post, Said},
};

pub(super) async fn refused_records_nothing(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (inbox, message) = (subject.inbox(), post.message(ALICE, Said::Refused, 1)?);
    let request = post.request(&message, 1).await?;
    let first = inbox.record_one(request.clone()).await;
    one("A message that its handler refuses", Want::Handler, &first)?;
    for (what, request) in [
        ("The refused request again", request),
        ("The refused message in a new request", post.request(&message, 2).await?),
    ] {
        let again = inbox.record_one(request).await;
        one(what, Want::Handler, &again)?;
        if code(&again) != code(&first) {
            return Err(Seen(format!(
                "{what}: the handler's reason is not the one it gave at first."
            )));
        }
    }
    effects(subject, 0).await?;
    // Both nonces are free: the server may try again, and the client may sign something else.
    let other = post.new_request(Said::Taken, 1).await?;
    one(
        "Another message with both nonces of the refused one",
        Want::Applied,
        &inbox.record_one(other).await,
    )
}

pub(super) async fn refused_disturbs_nobody(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let mut batch = Vec::new();
    for (place, said) in [Said::Refused, Said::Taken, Said::Refused, Said::Taken, Said::Refused]
        .into_iter()
        .enumerate()
    {
        batch.push(post.new_request(said, place as u64).await?);
    }
    let inbox = subject.inbox();
    let outcomes = inbox.record(batch.clone()).await?;
    let (no, yes, replay) = (Want::Handler, Want::Applied, Want::Replay);
    all(
        "A batch of which the handler refuses some",
        &[no, yes, no, yes, no],
        &outcomes,
    )?;
    effects(subject, 2).await?;
    all(
        "The same batch again",
        &[no, replay, no, replay, no],
        &inbox.record(batch).await?,
    )?;
    effects(subject, 2).await
}
