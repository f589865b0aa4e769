//! Two people on two servers become friends.
//!
//! ```sh
//! cargo run -p parchment-client --example two_servers -- \
//!     http://localhost:5000 TOKEN_OF_ALICE http://localhost:5001 TOKEN_OF_BOB
//! ```
//!
//! Both need a session (the example `sign_in` gives one) and servers that reach each other; on one machine they do with
//! `PARCHMENT_ALLOW_LOOPBACK_PEERS=true`. What each says is signed by a key that no server has: it is made here, from a
//! seed that a real program would keep.

use std::{error::Error, time::SystemTime};

use parchment_client::Client;
use parchment_core::{
    api::{
        friends::{Direction, EnvelopeRequest, InviteRequest},
        identity::KeysRequest,
    },
    canonical::Object,
    derive::MasterSeed,
    envelope::{Kind, UserMessage},
    handle::Handle,
    nonce::Nonce,
    time::{Timestamp, UnixMillis},
};

/// Somebody with a session, a name, and keys of her own.
struct Person {
    client: Client,
    handle: Handle,
    seed: MasterSeed,
}

impl Person {
    /// Takes a name, and registers the public halves of new keys.
    async fn new(client: Client, alias: &str) -> Result<Self, Box<dyn Error>> {
        let named = client.identity().set_alias(alias).await?;
        let seed = MasterSeed::from_bytes(&random()?);
        let keys = KeysRequest {
            signing_key: seed.signing_key().verifying_key().to_base64(),
            encryption_key: seed.encryption_secret().agreement_key().to_base64(),
        };
        client.identity().set_keys(&keys).await?;
        let handle = Handle::parse(&named.handle)?;
        println!("{handle} signs with {}", keys.signing_key);
        Ok(Self { client, handle, seed })
    }

    /// Signs that she says this to somebody, now and once. Her server sends it on as it is.
    fn sign(&self, kind: Kind, to: &Handle) -> Result<EnvelopeRequest, Box<dyn Error>> {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed()?.as_millis();
        let now = Timestamp::from_instant(UnixMillis(since_1970.try_into()?));
        let nonce = Nonce::from_bytes(random()?);
        let (from, to) = (self.handle.clone(), to.clone());
        let message = UserMessage::new(kind, from, to, nonce, now.clone(), Object::new())?;
        Ok(EnvelopeRequest {
            signature: Some(message.sign(&self.seed.signing_key()).signature().to_base64()),
            nonce: Some(nonce.to_base64()),
            timestamp: Some(now.to_string()),
        })
    }
}

/// Makes friends of two people who are signed in.
pub async fn run(alice: Client, bob: Client) -> Result<(), Box<dyn Error>> {
    let alice = Person::new(alice, "alice").await?;
    let bob = Person::new(bob, "bob").await?;

    // Whoever wants to be sure compares this key with bob, by another way than the servers.
    let found = alice.client.friends().resolve(bob.handle.as_str()).await?;
    println!(
        "{}'s server says that he signs with {}",
        found.handle, found.signing_key
    );

    let signed = alice.sign(Kind::FriendInvite, &bob.handle)?;
    let invitation = InviteRequest {
        handle: bob.handle.to_string(),
        signature: signed.signature.unwrap_or_default(),
        nonce: signed.nonce,
        timestamp: signed.timestamp,
    };
    alice.client.invitations().send(&invitation).await?;

    for invitation in bob.client.invitations().list(Some(Direction::Incoming)).await? {
        let from = Handle::parse(&invitation.from_handle)?;
        let answer = bob.sign(Kind::FriendAccept, &from)?;
        bob.client.invitations().accept(&invitation.id, &answer).await?;
        println!("{} accepted the invitation of {from}", bob.handle);
    }
    for person in [&alice, &bob] {
        for friend in person.client.friends().list().await? {
            println!(
                "{} has a friend: {} ({:?})",
                person.handle, friend.friend_handle, friend.status
            );
        }
    }
    Ok(())
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [alices, alice, bobs, bob] = arguments.as_slice() else {
        return Err("usage: two_servers <origin> <token> <origin> <token>".into());
    };
    run(
        Client::new(alices)?.with_token(alice),
        Client::new(bobs)?.with_token(bob),
    )
    .await
}
