//! Places for connections: who has one, and who has to leave it to somebody else.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
    time::Duration,
};

use futures_util::task::AtomicWaker;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

/// How long to wait for a connection that was asked to leave, before another is asked.
const PATIENCE: Duration = Duration::from_millis(100);

/// A number of places.
///
/// Somebody who opens connections and says nothing on them must not keep others out. When all places are taken, the
/// connection whose client has been silent for longest is closed for the next one; a connection that works on a
/// request is left alone.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    open: Gauge,
    state: Mutex<State>,
    /// Told whenever the next connection may have more luck.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    /// Those that wait for their clients, longest first.
    silent: BTreeMap<u64, Arc<Notice>>,
    next_turn: u64,
}

/// How a connection hears that it has to leave.
#[derive(Debug, Default)]
struct Notice {
    given: AtomicBool,
    waker: AtomicWaker,
}

impl Places {
    /// So many places; `open` tells how many are taken.
    pub(super) fn new(most: u32, open: Gauge) -> Arc<Self> {
        Arc::new(Self {
            most: most as usize,
            open,
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Takes a place as soon as there is one, if need be that of the client that has been silent for longest.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take() {
                return place;
            }
            let is_one_leaving = self.ask_one_to_leave();
            let changed = async {
                self.changed.notified().await;
                // A notice from before the look is no place; whoever was asked to leave takes a moment.
                while is_one_leaving && self.is_full() {
                    self.changed.notified().await;
                }
            };
            // One that does not leave after all must not keep others from being asked.
            let _ = tokio::time::timeout(PATIENCE, changed).await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.lock();
        if state.taken >= self.most {
            return None;
        }
        state.taken += 1;
        self.open.inc();
        drop(state);
        Some(Place {
            places: self.clone(),
            notice: Arc::default(),
            turn: None,
        })
    }

    /// Whether there was anybody to ask.
    fn ask_one_to_leave(&self) -> bool {
        let longest = self.lock().silent.pop_first();
        let Some((_, notice)) = longest else { return false };
        notice.given.store(true, Ordering::Release);
        notice.waker.wake();
        true
    }

    fn is_full(&self) -> bool {
        self.lock().taken >= self.most
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    notice: Arc<Notice>,
    turn: Option<u64>,
}

impl Place {
    /// The client's turn has begun: from now on this connection is silent.
    pub(super) fn silent(&mut self) {
        let mut state = self.places.lock();
        let turn = state.next_turn;
        state.next_turn += 1;
        if let Some(before) = self.turn.replace(turn) {
            state.silent.remove(&before);
        }
        state.silent.insert(turn, self.notice.clone());
        drop(state);
        self.places.changed.notify_one();
    }

    /// The client's turn is over: this connection works.
    pub(super) fn busy(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.places.lock().silent.remove(&turn);
        }
    }

    /// Whether this connection has to leave; otherwise the task is woken when it has to.
    pub(super) fn must_leave(&self, context: &Context<'_>) -> bool {
        self.notice.waker.register(context.waker());
        self.notice.given.load(Ordering::Acquire)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy();
        self.places.lock().taken -= 1;
        self.places.open.dec();
        self.places.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn must_leave(place: &Place) -> bool {
        place.must_leave(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn who_has_been_silent_for_longest_leaves_first() {
        let places = Places::new(3, Gauge::default());
        let mut taken: Vec<Place> = (0..3).map(|_| places.try_take().unwrap()).collect();
        for index in [2, 0, 1] {
            taken[index].silent();
        }
        // The one that was silent for longest has sent a request in the meantime, and waits anew.
        taken[2].busy();
        taken[2].silent();
        assert!(places.try_take().is_none() && places.ask_one_to_leave());
        assert_eq!(taken.iter().map(must_leave).collect::<Vec<_>>(), [true, false, false]);
        assert!(places.try_take().is_none(), "not before it has left");
        taken.remove(0);
        assert!(places.try_take().is_some());
    }

    #[tokio::test]
    async fn while_all_work_the_next_waits_for_one_to_end_or_to_fall_silent() {
        let places = Places::new(1, Gauge::default());
        let mut first = places.take().await;
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.take().await }
        });
        tokio::task::yield_now().await;
        assert!(!must_leave(&first) && !waiting.is_finished());
        first.silent();
        tokio::task::yield_now().await;
        assert!(must_leave(&first) && !waiting.is_finished());
        drop(first);
        let second = waiting.await.unwrap();
        assert_eq!(places.open.get(), 1);
        drop(second);
        assert_eq!(places.open.get(), 0);
    }
}
