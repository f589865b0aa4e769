//! `parchment-server demo`: two servers on this machine, a friendship across them, its end, and
//! what happens to those who cheat.
//!
//! The demonstration acts as clients do, through HTTP alone. In front of bob's server stands a
//! proxy that records what alice's server sends; the cheats use those very recordings.

mod cheats;
mod listen;
mod person;
mod proxy;
mod story;
mod world;

use std::process::ExitCode;

pub use self::story::Story;
use self::world::World;

/// Runs the demonstration and prints it; success only if every step held.
pub async fn run() -> ExitCode {
    match tell(&mut Story::to_stdout()).await {
        Ok(()) => {
            println!("\nEvery step held.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("\nThis step did not hold: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells the whole story.
///
/// # Errors
///
/// A sentence about the first step that did not hold.
pub async fn tell(story: &mut Story) -> Result<(), String> {
    let world = World::start().await?;
    let told = chapters(story, &world).await;
    world.stop().await;
    told
}

async fn chapters(story: &mut Story, world: &World) -> Result<(), String> {
    story.chapter("Two servers start, each with a database and a key of its own");
    story.line(&format!("alice's server is {}", world.alice_server));
    story.line(&format!(
        "bob's server is   {} (behind a recording proxy)",
        world.bob_server
    ));

    story.chapter("Two people sign in and become somebody");
    let alice = person::sign_in(story, world, "alice", &world.alice_server).await?;
    let bob = person::sign_in(story, world, "bob", &world.bob_server).await?;

    story.chapter("They become friends across servers");
    befriend(story, &alice, &bob).await?;

    story.chapter("alice loses every key: she resets, and bob is told by her new key");
    reset_and_revoke(story, world, &alice, &bob).await?;

    story.chapter("Somebody cheats");
    cheats::try_all(story, world, &bob).await
}

async fn befriend(story: &mut Story, alice: &person::Person, bob: &person::Person) -> Result<(), String> {
    let invitation = alice.invite(&bob.handle).await?;
    story.held(&format!(
        "alice signs FRIEND_INVITE for {}; her server delivers it ({invitation})",
        bob.handle
    ));
    let received = bob.incoming().await?;
    let (id, from) = received.first().ok_or("bob has no invitation")?;
    story.held(&format!(
        "bob's server verified it and shows bob an invitation from {from}"
    ));
    bob.accept(id, &alice.handle).await?;
    story.held("bob signs FRIEND_ACCEPT; his server delivers it");
    for (person, friend) in [(alice, bob), (bob, alice)] {
        let friends = person.friends().await?;
        story.check(
            friends == [(friend.handle.to_string(), "accepted".to_owned())],
            &format!("{}'s friends: {}", person.name, list(&friends)),
        )?;
    }
    Ok(())
}

async fn reset_and_revoke(
    story: &mut Story,
    world: &World,
    alice: &person::Person,
    bob: &person::Person,
) -> Result<(), String> {
    alice.reset().await?;
    let pending = alice.pending_revocations().await?;
    story.check(
        pending == [bob.handle.to_string()],
        &format!("alice resets; to be told: {}", pending.join(", ")),
    )?;
    let alice = alice.with_new_keys().await?;
    story.held("alice registers new keys");
    world.proxy.forget();
    let delivered = alice.flush(&bob.handle).await?;
    story.check(
        delivered,
        "alice signs RELATIONSHIP_REVOKE with her new key; her server delivers it",
    )?;
    let friends = bob.friends().await?;
    story.check(
        friends.is_empty(),
        "bob's server fetched her new key, verified the message, and ended the friendship",
    )?;
    let pending = alice.pending_revocations().await?;
    story.check(pending.is_empty(), "nobody is left to be told")
}

fn list(friends: &[(String, String)]) -> String {
    let friends: Vec<String> = friends
        .iter()
        .map(|(handle, status)| format!("{handle} ({status})"))
        .collect();
    if friends.is_empty() {
        "nobody".to_owned()
    } else {
        friends.join(", ")
    }
}
