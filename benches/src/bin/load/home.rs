//! The database of the server that is measured: who lives there, and what became of the messages.

use std::path::Path;

use parchment_core::{
    handle::{Alias, Handle, ServerId},
    keys::SigningKey,
    nonce::Digest,
    time::Clock as _,
};
use parchment_server::{
    app::SystemClock,
    store::{
        Store, StoreError,
        entities::{envelope_nonces, friendships, invitations, sessions, transport_nonces, users},
    },
};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, Set, prelude::Uuid};

use crate::{Error, peers::Peer};

/// How many people live there.
pub const PEOPLE: usize = 400;

/// The bearer token of the first of them.
pub const TOKEN: &str = "a token for measuring, which no server draws";

/// The database in a folder, and the ids of those who live there.
pub struct Home {
    url: String,
    id: ServerId,
    people: Vec<Uuid>,
}

impl Home {
    /// Makes the database of the server `id`.
    pub async fn make(folder: &Path, id: &ServerId) -> Result<Self, Error> {
        let home = Self {
            url: format!("sqlite://{}", folder.join("parchment.db").display()),
            id: id.clone(),
            people: (0..PEOPLE).map(|_| Uuid::now_v7()).collect(),
        };
        let now = SystemClock.now().0;
        let store = Store::open(&home.url).await?;
        store
            .write(async |tx| {
                for (place, id) in home.people.iter().enumerate() {
                    let alias = alias_of(place);
                    let key = SigningKey::from_seed(&[u8::try_from(place % 256).unwrap_or_default(); 32]);
                    let row = users::ActiveModel {
                        id: Set(*id),
                        email: Set(format!("{alias}@mail.example")),
                        email_key: Set(format!("{alias}@mail.example")),
                        alias: Set(Some(alias.clone())),
                        alias_key: Set(Some(alias)),
                        signing_key: Set(Some(key.verifying_key().as_bytes().to_vec())),
                        encryption_key: Set(Some(vec![9; 32])),
                        km_version: Set(1),
                        created_at: Set(now),
                        updated_at: Set(now),
                        ..Default::default()
                    };
                    row.insert(tx).await?;
                }
                let session = sessions::ActiveModel {
                    id: Set(Uuid::now_v7()),
                    user_id: Set(home.people.first().copied().unwrap_or_default()),
                    token_hash: Set(Digest::of(TOKEN.as_bytes()).as_bytes().to_vec()),
                    created_at: Set(now),
                    expires_at: Set(now + 86_400_000),
                    extended_at: Set(now),
                    ..Default::default()
                };
                session.insert(tx).await?;
                Ok::<_, StoreError>(())
            })
            .await?;
        store.close().await;
        Ok(home)
    }

    /// The handle of the person at a place; places go round.
    pub fn handle(&self, place: usize) -> Result<Handle, Error> {
        Ok(Handle::new(&Alias::parse(&alias_of(place % PEOPLE))?, &self.id))
    }

    /// Makes the users of peers friends of people here, each of the one that her first message goes to.
    pub async fn befriend(&self, peers: &[Peer], to: impl Fn(usize) -> usize) -> Result<u64, Error> {
        let store = Store::open(&self.url).await?;
        let everybody = peers.len() * peers.first().map_or(0, |peer| peer.users.len());
        let mut rows = Vec::with_capacity(everybody);
        for index in 0..everybody {
            let peer = peers.get(index % peers.len()).ok_or("no peer")?;
            let (handle, key) = peer.users.get(index / peers.len()).ok_or("no user")?;
            rows.push(friendships::ActiveModel {
                id: Set(Uuid::now_v7()),
                user_id: Set(*self.people.get(to(index) % PEOPLE).ok_or("nobody")?),
                friend_handle: Set(handle.to_string()),
                friend_signing_key: Set(key.verifying_key().as_bytes().to_vec()),
                friend_encryption_key: Set(None),
                friend_name: Set(None),
                friend_picture: Set(None),
                status: Set(friendships::Status::Accepted),
                established_at: Set(Some(1)),
                created_at: Set(1),
            });
        }
        let made = rows.len() as u64;
        let insert = async |tx: &parchment_server::store::Transaction| {
            friendships::Entity::insert_many(rows)
                .exec_without_returning(tx)
                .await?;
            Ok::<_, StoreError>(())
        };
        store.write(insert).await?;
        store.close().await;
        Ok(made)
    }

    /// What is in the database.
    pub async fn count(&self) -> Result<Counts, Error> {
        let store = Store::open(&self.url).await?;
        let db = store.reader();
        let counts = Counts {
            requests: transport_nonces::Entity::find().count(db).await?,
            messages: envelope_nonces::Entity::find().count(db).await?,
            friendships: friendships::Entity::find().count(db).await?,
            invitations: invitations::Entity::find().count(db).await?,
        };
        store.close().await;
        Ok(counts)
    }

    /// Fills the database as years and many servers would.
    pub async fn fill(&self, nonces: u64, users: u64, peers: u64) -> Result<(), Error> {
        let store = Store::open(&self.url).await?;
        let now = SystemClock.now().0;
        let numbers = |from: u64, to: u64| {
            format!("WITH RECURSIVE n(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n < {to} - 1) ")
        };
        let steps = |all: u64, step: u64| {
            (0..all)
                .step_by(usize::try_from(step).unwrap_or(1))
                .map(move |from| (from, (from + step).min(all)))
        };
        let mut statements = Vec::new();
        for (from, to) in steps(peers, 100_000) {
            statements.push(format!(
                "{}INSERT INTO peers (server_id, public_key, pinned_at) \
                 SELECT printf('peer%06d.example', n), randomblob(32), {now} FROM n",
                numbers(from, to)
            ));
        }
        for (from, to) in steps(users, 100_000) {
            statements.push(format!(
                "{}INSERT INTO users (id, email, email_key, alias, alias_key, signing_key, encryption_key, km_version, \
                 created_at, updated_at) SELECT randomblob(16), printf('u%08d@mail.example', n), \
                 printf('u%08d@mail.example', n), printf('u%08d', n), printf('u%08d', n), randomblob(32), \
                 randomblob(32), 1, {now}, {now} FROM n",
                numbers(from, to)
            ));
        }
        // In the order of their keys, since only what is there afterwards matters; recent, so that nothing sweeps them.
        let half = nonces / 2;
        let of_peer = (half / peers.max(1)).max(1);
        for (from, to) in steps(half, 200_000) {
            statements.push(format!(
                "{}INSERT INTO transport_nonces (server_id, nonce, received_at) SELECT \
                 printf('peer%06d.example', n / {of_peer}), unhex(printf('%016x%016x', n, n)), {now} + n / 20000 FROM n",
                numbers(from, to)
            ));
            statements.push(format!(
                "{}INSERT INTO envelope_nonces (sender, nonce, digest, received_at) SELECT \
                 printf('user%03d@peer%06d.example', n / ({of_peer} / 100 + 1) % 100, n / {of_peer}), \
                 unhex(printf('%016x%016x', n, n)), randomblob(32), {now} + n / 20000 FROM n",
                numbers(from, to)
            ));
        }
        for statement in statements {
            store
                .write(async |tx| {
                    tx.execute_unprepared(&statement).await?;
                    Ok::<_, StoreError>(())
                })
                .await?;
        }
        store.close().await;
        Ok(())
    }
}

fn alias_of(place: usize) -> String {
    format!("person{place:04}")
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub requests: u64,
    pub messages: u64,
    pub friendships: u64,
    pub invitations: u64,
}

impl Counts {
    /// Whether each accepted message took effect exactly once.
    ///
    /// # Errors
    ///
    /// What is not as it should be.
    pub fn check(self, expected: Self) -> Result<(), Error> {
        println!("\nRecorded: {self:?}.");
        if self == expected {
            println!("Every accepted message took effect exactly once.");
            return Ok(());
        }
        Err(format!("what was recorded is not what was accepted: expected {expected:?}").into())
    }
}
