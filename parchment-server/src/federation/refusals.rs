//! Remembering what was refused between this server and others, so that an operator can ask why.
//!
//! Whoever sends nonsense must not make this server write (statement 14). So refusals are noted in memory, where
//! repetitions are counted, and written every few seconds: a row for each peer, [`Way`] and failed check, however often
//! it failed. What came in a peer's name without being known to come from it has rows of its own, and can push out
//! nothing that is certain. Servers that were never met leave no rows, apart from a bounded number of those that people
//! here wrote to.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError, Weak},
    time::Duration,
};

use parchment_core::{
    handle::ServerId,
    refusal::{Code, Fault},
    time::UnixMillis,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};

pub use crate::store::entities::peer_refusals::Way;
use crate::{
    app::App,
    store::{
        Store, StoreError, Transaction,
        entities::{peer_refusals, peers},
    },
};

/// How often what was noted is written.
const EVERY: Duration = Duration::from_secs(3);

/// How many different refusals are noted between two writings, those that are certain and those that are not.
const MAX_CERTAIN: usize = 2000;
const MAX_UNVERIFIED: usize = 500;

/// How many checks a peer can have failed, for each way: codes of other servers are their own.
const KEPT_PER_PEER: u64 = 40;

/// How many rows there are of servers that were written to and never met.
const KEPT_OF_STRANGERS: u64 = 500;

/// How long a check that has not failed again is remembered: 30 days.
const KEPT_FOR_MS: i64 = 30 * 24 * 3_600_000;

/// The longest sentence that is kept, in bytes.
const MAX_DETAIL: usize = 300;

/// The code of a message that was sent and about which no usable answer came.
pub const NO_ANSWER: &str = "no_answer";

/// Refusals that are not written yet.
#[derive(Debug, Default)]
pub struct Refusals {
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    certain: HashMap<Key, Note>,
    unverified: HashMap<Key, Note>,
}

type Key = (ServerId, Way, String);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    detail: String,
    times: i64,
    first_at: UnixMillis,
    last_at: UnixMillis,
}

impl Refusals {
    /// Notes that a check failed; costs no more than a look into a table in memory.
    ///
    /// What is this side's own failure is not noted: the log has it.
    pub fn note(&self, server: &ServerId, way: Way, code: &str, detail: &str, now: UnixMillis) {
        let own = |known: &&Code| known.as_str() == code && known.fault() == Fault::Here;
        if Code::ALL.iter().any(|known| own(&known)) {
            return;
        }
        let note = Note {
            detail: plain(detail),
            times: 1,
            first_at: now,
            last_at: now,
        };
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.add((server.clone(), way, code.to_owned()), note);
    }

    /// Writes what was noted since the last time.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; what was noted is kept for the next time then.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let notes = std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        // Without a look at the database first, forged requests in strangers' names would cost a write after all.
        let known = match known(store, &notes).await {
            Ok(known) => known,
            Err(error) => {
                self.put_back(notes);
                return Err(error);
            }
        };
        let rows: Vec<(&Key, &Note)> = notes
            .certain
            .iter()
            .chain(&notes.unverified)
            .filter(|((server, way, _), _)| *way == Way::Sent || known.contains(server))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let written = store
            .write(async |tx| {
                for (key, note) in &rows {
                    write(tx, key, note).await?;
                }
                let touched: HashSet<(&ServerId, Way)> =
                    rows.iter().map(|((server, way, _), _)| (server, *way)).collect();
                for (server, way) in touched {
                    let all = peer_refusals::Column::ServerId
                        .eq(server.as_str())
                        .and(peer_refusals::Column::Way.eq(way));
                    trim(tx, all, KEPT_PER_PEER).await?;
                }
                let met = peers::Entity::find()
                    .select_only()
                    .column(peers::Column::ServerId)
                    .into_query();
                trim(
                    tx,
                    peer_refusals::Column::ServerId.not_in_subquery(met),
                    KEPT_OF_STRANGERS,
                )
                .await
            })
            .await;
        if written.is_err() {
            self.put_back(notes);
        }
        written
    }

    fn put_back(&self, notes: Noted) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, note) in notes.certain.into_iter().chain(notes.unverified) {
            noted.add(key, note);
        }
    }
}

impl Noted {
    fn add(&mut self, key: Key, note: Note) {
        let (notes, most) = match key.1 {
            Way::Unverified => (&mut self.unverified, MAX_UNVERIFIED),
            Way::Received | Way::Sent => (&mut self.certain, MAX_CERTAIN),
        };
        if let Some(known) = notes.get_mut(&key) {
            known.times += note.times;
            known.first_at = known.first_at.min(note.first_at);
            if note.last_at >= known.last_at {
                known.last_at = note.last_at;
                known.detail = note.detail;
            }
        } else if notes.len() < most {
            notes.insert(key, note);
        }
    }
}

/// Which of the servers that were noted are pinned.
async fn known(store: &Store, notes: &Noted) -> Result<HashSet<ServerId>, StoreError> {
    let mut known = HashSet::new();
    let servers: HashSet<&ServerId> = notes
        .certain
        .keys()
        .chain(notes.unverified.keys())
        .map(|(server, ..)| server)
        .collect();
    for server in servers {
        if peers::Entity::find_by_id(server.as_str())
            .one(store.reader())
            .await?
            .is_some()
        {
            known.insert(server.clone());
        }
    }
    Ok(known)
}

/// Adds a note to its row, or makes the row.
async fn write(tx: &Transaction, (server, way, code): &Key, note: &Note) -> Result<(), StoreError> {
    use peer_refusals::Column;
    let row = peer_refusals::ActiveModel {
        server_id: Set(server.as_str().to_owned()),
        way: Set(*way),
        code: Set(code.clone()),
        detail: Set(note.detail.clone()),
        times: Set(note.times),
        first_at: Set(note.first_at.0),
        last_at: Set(note.last_at.0),
    };
    let add = OnConflict::columns([Column::ServerId, Column::Way, Column::Code])
        .update_columns([Column::Detail, Column::LastAt])
        .value(
            Column::Times,
            Expr::col((peer_refusals::Entity, Column::Times)).add(note.times),
        )
        .to_owned();
    peer_refusals::Entity::insert(row)
        .on_conflict(add)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Leaves the newest of some rows.
async fn trim(tx: &Transaction, which: Expr, keep: u64) -> Result<(), StoreError> {
    let newest = peer_refusals::Entity::find()
        .filter(which)
        .order_by_desc(peer_refusals::Column::LastAt);
    for row in newest.offset(keep).limit(10_000).all(tx).await? {
        peer_refusals::Entity::delete_by_id((row.server_id, row.way, row.code))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// What is known about a peer, the newest first.
///
/// # Errors
///
/// [`StoreError`] when it cannot be asked.
pub async fn of(db: &impl ConnectionTrait, server: &ServerId) -> Result<Vec<peer_refusals::Model>, StoreError> {
    let rows = peer_refusals::Entity::find()
        .filter(peer_refusals::Column::ServerId.eq(server.as_str()))
        .order_by_desc(peer_refusals::Column::LastAt);
    Ok(rows.all(db).await?)
}

/// Forgets what has not failed again for 30 days.
///
/// # Errors
///
/// [`StoreError`].
pub async fn sweep(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    let old = peer_refusals::Column::LastAt.lt(now.plus(-KEPT_FOR_MS).0);
    let found = peer_refusals::Entity::find()
        .filter(old.clone())
        .one(store.reader())
        .await?;
    if found.is_none() {
        return Ok(());
    }
    let old = peer_refusals::Entity::delete_many().filter(old);
    store.write(async |tx| Ok::<_, StoreError>(old.exec(tx).await?)).await?;
    Ok(())
}

/// Writes every few seconds for as long as the application lives.
pub(crate) async fn keep(app: Weak<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = app.refusals.flush(&app.store).await {
            tracing::warn!(%error, "what was refused could not be recorded; it is tried again");
        }
    }
}

/// A sentence without what a terminal would take for more than text, and not longer than it may be.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if plain.len() + c.len_utf8() > MAX_DETAIL {
            break;
        }
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(number: usize) -> ServerId {
        ServerId::parse(&format!("s{number}.example")).unwrap()
    }

    #[test]
    fn repetitions_are_counted_and_cost_no_memory() {
        let refusals = Refusals::default();
        for at in 0..1000 {
            refusals.note(
                &server(1),
                Way::Unverified,
                "stale_request",
                &format!("{at}"),
                UnixMillis(at),
            );
        }
        let noted = refusals.noted.lock().unwrap();
        assert_eq!(noted.unverified.len(), 1);
        let note = noted.unverified.values().next().unwrap();
        assert_eq!(
            (note.times, note.first_at, note.last_at),
            (1000, UnixMillis(0), UnixMillis(999))
        );
        assert_eq!(note.detail, "999");
    }

    #[test]
    fn what_is_forged_neither_fills_the_memory_nor_takes_room_from_what_is_certain() {
        let refusals = Refusals::default();
        for number in 0..10 * MAX_UNVERIFIED {
            refusals.note(&server(number), Way::Unverified, "stale_request", "No.", UnixMillis(0));
        }
        refusals.note(&server(1), Way::Received, "no_invitation", "No.", UnixMillis(0));
        let noted = refusals.noted.lock().unwrap();
        assert_eq!((noted.unverified.len(), noted.certain.len()), (MAX_UNVERIFIED, 1));
    }

    #[test]
    fn a_failure_of_this_side_is_not_held_against_a_peer() {
        let refusals = Refusals::default();
        for code in ["unavailable", "busy"] {
            refusals.note(&server(1), Way::Received, code, "No.", UnixMillis(0));
        }
        assert!(refusals.noted.lock().unwrap().certain.is_empty());
    }

    #[test]
    fn a_sentence_is_text_and_has_an_end() {
        assert_eq!(plain("a\u{1b}[31m\nb"), "a [31m b");
        assert_eq!(plain(&"ä".repeat(1000)).len(), MAX_DETAIL);
    }
}
