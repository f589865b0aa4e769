//! What an operator is told about other servers.

use std::collections::BTreeMap;

use parchment_core::{encoding, handle::ServerId, time::UnixMillis};
use sea_orm::{ConnectionTrait, EntityTrait as _, QueryOrder as _};
use serde::Serialize;

use super::{
    advice::advice,
    fingerprint::Fingerprint,
    refusals::{self, Way},
};
use crate::store::{
    StoreError,
    entities::{peer_refusals, peers},
};

/// A server that was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Its name.
    pub server: String,
    /// The key it is known by.
    #[serde(flatten)]
    pub key: Key,
    /// When the key was pinned, RFC 3339.
    pub pinned_at: String,
    /// The other key that it was seen with, and is refused for.
    pub mismatch: Option<Mismatch>,
    /// How often this server refused it in the last 30 days.
    pub refused_by_us: u64,
    /// How often something in its name was refused before it was known who had sent it.
    pub refused_unverified: u64,
    /// How often it refused this server, or could not be reached.
    pub refused_by_them: u64,
}

/// A key and what people compare instead of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Base64 of the Ed25519 public key.
    pub public_key: String,
    /// See [`Fingerprint`].
    pub fingerprint: String,
}

/// Another key than the pinned one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// When it was first seen with it, RFC 3339.
    pub seen_at: String,
}

/// Why messages between this server and another were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The other server's name.
    pub server: String,
    /// How it is known; null when it was never met, or forgotten.
    pub peer: Option<Peer>,
    /// What was refused, the newest first.
    pub refusals: Vec<Refused>,
}

/// A check that failed, once or many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// `received`: signed by it and refused here. `unverified`: refused here in its name, sent by anybody. `sent`: sent
    /// from here and refused there, or not sent.
    pub way: &'static str,
    /// The check.
    pub code: String,
    /// What was said about it the last time.
    pub detail: String,
    /// How often.
    pub times: i64,
    /// When for the first time, RFC 3339.
    pub first_at: String,
    /// When for the last time, RFC 3339.
    pub last_at: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl Key {
    fn of(bytes: &[u8]) -> Self {
        Self {
            public_key: encoding::encode(bytes),
            fingerprint: Fingerprint::of_bytes(bytes).to_string(),
        }
    }
}

impl Peer {
    fn new(row: peers::Model, refused: Option<&Counts>) -> Self {
        let times = |way| refused.and_then(|counts| counts.get(name(way)).copied()).unwrap_or(0);
        let seen_at = row.mismatched_at.unwrap_or(row.pinned_at);
        Self {
            key: Key::of(&row.public_key),
            pinned_at: UnixMillis(row.pinned_at).to_string(),
            mismatch: row.mismatched_key.map(|key| Mismatch {
                key: Key::of(&key),
                seen_at: UnixMillis(seen_at).to_string(),
            }),
            refused_by_us: times(Way::Received),
            refused_unverified: times(Way::Unverified),
            refused_by_them: times(Way::Sent),
            server: row.server_id,
        }
    }
}

/// How often, by the name of the way.
type Counts = BTreeMap<&'static str, u64>;

/// The servers that were met, by name.
///
/// # Errors
///
/// [`StoreError`] when it cannot be asked.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Peer>, StoreError> {
    let refused = peer_refusals::Entity::find().all(db).await?;
    let mut counts = BTreeMap::<String, Counts>::new();
    for row in refused {
        let times = counts
            .entry(row.server_id)
            .or_default()
            .entry(name(row.way))
            .or_default();
        *times += row.times.unsigned_abs();
    }
    let rows = peers::Entity::find()
        .order_by_asc(peers::Column::ServerId)
        .all(db)
        .await?;
    let peer = |row: peers::Model| {
        let refused = counts.get(&row.server_id);
        Peer::new(row, refused)
    };
    Ok(rows.into_iter().map(peer).collect())
}

/// Why messages between this server and another were refused.
///
/// # Errors
///
/// [`StoreError`] when it cannot be asked.
pub async fn why(db: &impl ConnectionTrait, server: &ServerId) -> Result<Why, StoreError> {
    let rows = refusals::of(db, server).await?;
    let mut counts = Counts::new();
    for row in &rows {
        *counts.entry(name(row.way)).or_default() += row.times.unsigned_abs();
    }
    let peer = peers::Entity::find_by_id(server.as_str()).one(db).await?;
    let refused = |row: peer_refusals::Model| Refused {
        way: name(row.way),
        advice: advice(row.way, &row.code),
        code: row.code,
        detail: row.detail,
        times: row.times,
        first_at: UnixMillis(row.first_at).to_string(),
        last_at: UnixMillis(row.last_at).to_string(),
    };
    Ok(Why {
        server: server.to_string(),
        peer: peer.map(|row| Peer::new(row, Some(&counts))),
        refusals: rows.into_iter().map(refused).collect(),
    })
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Received => "received",
        Way::Unverified => "unverified",
        Way::Sent => "sent",
    }
}
