//! Of any number of racing copies exactly one is accepted.

use super::{
    Subject,
    join::{Task, join},
    outcomes::{Seen, Want, effects, one_applied},
    post::{ALICE, Post, Said},
};
use crate::inbox::{Outcome, Verified};

/// How many race.
pub(super) const RACERS: u64 = 32;

pub(super) async fn racing_copies(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let request = post.new_request(Said::Taken, 1).await?;
    let outcomes = race(subject, (0..RACERS).map(|_| request.clone())).await;
    one_applied("Racing copies of one request", Want::Replay, &outcomes)?;
    effects(subject, 1).await
}

pub(super) async fn racing_retries(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let message = post.message(ALICE, Said::Taken, 1)?;
    let mut requests = Vec::new();
    for number in 0..RACERS {
        requests.push(post.request(&message, number).await?);
    }
    let outcomes = race(subject, requests).await;
    one_applied("Racing requests with one message", Want::Retried, &outcomes)?;
    effects(subject, 1).await
}

async fn race(subject: &dyn Subject, requests: impl IntoIterator<Item = Verified> + Send) -> Vec<Outcome> {
    let tasks = requests.into_iter().map(|request| {
        let inbox = subject.inbox();
        Box::pin(async move { inbox.record_one(request).await }) as Task<Outcome>
    });
    join(tasks.collect()).await
}
