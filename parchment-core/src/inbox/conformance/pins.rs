//! A key that is pinned stays pinned (rule 17.10).

use super::{
    Subject,
    join::{Task, join},
    outcomes::Seen,
    post::Post,
    races::RACERS,
};
use crate::{handle::ServerId, keys::VerifyingKey, pins::PinStore, replay::NONCE_LIFETIME_MS, storage::StorageError};

pub(super) async fn strangers_have_no_pin(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (pins, server, key) = (subject.pins(), post.server(0)?.id(), post.server(0)?.public_key());
    stands("A server that was never seen", None, pins.pin(server).await?)?;
    pins.record_mismatch(server, &key, post.now()).await?;
    stands(
        "A server without a pin that offered a key",
        None,
        pins.pin(server).await?,
    )
}

pub(super) async fn first_pin_stands(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (pins, server) = (subject.pins(), post.server(0)?.id());
    let (first, second) = (post.server(0)?.public_key(), post.server(1)?.public_key());
    for (what, key) in [
        ("The answer to the first key", &first),
        ("The answer to the first key again", &first),
        ("The answer to a second key", &second),
    ] {
        stands(what, Some(first), Some(pins.pin_first(server, key, post.now()).await?))?;
    }
    stands("The pin after two keys", Some(first), pins.pin(server).await?)
}

pub(super) async fn mismatch_overwrites_nothing(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (pins, server) = (subject.pins(), post.server(0)?.id());
    let (first, second) = (post.server(0)?.public_key(), post.server(1)?.public_key());
    pins.pin_first(server, &first, post.now()).await?;
    for later in 1..4 {
        pins.record_mismatch(server, &second, post.now().plus(later)).await?;
        stands("The pin after a mismatch", Some(first), pins.pin(server).await?)?;
    }
    let answer = pins.pin_first(server, &second, post.now().plus(4)).await?;
    stands(
        "The answer to the other key after a mismatch",
        Some(first),
        Some(answer),
    )
}

pub(super) async fn pins_are_independent(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let pins = subject.pins();
    // The third is named like the first, in capitals.
    for place in 0..3 {
        let (server, key) = (post.server(place)?.id(), post.server(place)?.public_key());
        stands(&format!("{server}, not yet pinned"), None, pins.pin(server).await?)?;
        pins.pin_first(server, &key, post.now()).await?;
    }
    for place in 0..3 {
        let (server, key) = (post.server(place)?.id(), post.server(place)?.public_key());
        stands(&format!("The pin of {server}"), Some(key), pins.pin(server).await?)?;
    }
    Ok(())
}

pub(super) async fn racing_first_contacts(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let server = post.server(0)?.id();
    let keys = [post.server(0)?.public_key(), post.server(1)?.public_key()];
    let tasks = keys.into_iter().cycle().zip(0..RACERS).map(|(key, _)| {
        let (pins, server, now) = (subject.pins(), server.clone(), post.now());
        Box::pin(async move { pins.pin_first(&server, &key, now).await }) as Task<Result<VerifyingKey, StorageError>>
    });
    let answers = join(tasks.collect()).await;
    let pinned = subject.pins().pin(server).await?;
    if pinned.is_none() {
        return Err(Seen("After racing first contacts nothing is pinned.".to_owned()));
    }
    for answer in answers {
        stands("The answer to one of the racing contacts", pinned, Some(answer?))?;
    }
    Ok(())
}

pub(super) async fn pins_survive(post: &Post, subject: &mut dyn Subject) -> Result<(), Seen> {
    let (server, key) = (post.server(0)?.id(), post.server(0)?.public_key());
    subject.pins().pin_first(server, &key, post.now()).await?;
    subject.sweep(post.now().plus(1_000 * NONCE_LIFETIME_MS)).await?;
    stands("The pin after a sweep", Some(key), pin(subject, server).await?)?;
    subject.reopen().await?;
    stands("The pin after a restart", Some(key), pin(subject, server).await?)
}

async fn pin(subject: &dyn Subject, server: &ServerId) -> Result<Option<VerifyingKey>, StorageError> {
    subject.pins().pin(server).await
}

fn stands(what: &str, want: Option<VerifyingKey>, seen: Option<VerifyingKey>) -> Result<(), Seen> {
    let describe = |key: Option<VerifyingKey>| key.map_or_else(|| "no key".to_owned(), |key| key.to_base64());
    if want == seen {
        return Ok(());
    }
    Err(Seen(format!(
        "{what}: there should be {} and there is {}.",
        describe(want),
        describe(seen)
    )))
}
