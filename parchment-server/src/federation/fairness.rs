//! Fairness between peers: none of them can keep the others waiting, however much it sends.
//!
//! [`Shares`] bounds how much of one peer is under way; what comes on top waits its turn. [`FairQueue`]
//! holds what waits for the one writer, and gives it out by turns, one of each peer at a time.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use parchment_core::refusal::{Code, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many may wait for a share of one peer.
const MAX_WAITING: usize = 256;

/// How long they wait at most: less than a sender waits for an answer.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// So much at once for each peer, whoever that is.
#[derive(Debug)]
pub struct Shares {
    at_once: usize,
    peers: Arc<Mutex<HashMap<String, Present>>>,
}

/// Those of one peer who are under way or wait.
#[derive(Debug)]
struct Present {
    count: usize,
    turns: Arc<Semaphore>,
}

impl Shares {
    /// Lets `at_once` be under way for each peer.
    pub fn new(at_once: usize) -> Self {
        Self {
            at_once,
            peers: Arc::default(),
        }
    }

    /// Waits for a share of `peer`, in the order of coming; it is given back when dropped.
    ///
    /// # Errors
    ///
    /// [`Code::Busy`] when too many of this peer wait already, or the turn does not come within five seconds.
    pub async fn take(&self, peer: String) -> Result<Share, Refusal> {
        let busy = || {
            let detail = "Too much of one server is under way; try again in a moment.";
            Refusal::new(Code::Busy, detail)
        };
        let (turns, presence) = self.come(peer).ok_or_else(busy)?;
        match tokio::time::timeout(TURN_WITHIN, turns.acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Share {
                _turn: turn,
                _presence: presence,
            }),
            _ => Err(busy()),
        }
    }

    fn come(&self, peer: String) -> Option<(Arc<Semaphore>, Presence)> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let present = peers.entry(peer.clone()).or_insert_with(|| Present {
            count: 0,
            turns: Arc::new(Semaphore::new(self.at_once)),
        });
        if present.count >= self.at_once + MAX_WAITING {
            return None;
        }
        present.count += 1;
        let presence = Presence {
            peers: self.peers.clone(),
            peer,
        };
        Some((present.turns.clone(), presence))
    }
}

/// One share of a peer.
#[derive(Debug)]
pub struct Share {
    // In this order: the turn is free before its peer can be forgotten.
    _turn: OwnedSemaphorePermit,
    _presence: Presence,
}

#[derive(Debug)]
struct Presence {
    peers: Arc<Mutex<HashMap<String, Present>>>,
    peer: String,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(present) = peers.get_mut(&self.peer) {
            present.count -= 1;
            if present.count == 0 {
                peers.remove(&self.peer);
            }
        }
    }
}

/// A queue for each peer, and a turn for each queue.
#[derive(Debug)]
pub struct FairQueue<T> {
    queues: HashMap<String, VecDeque<T>>,
    /// Peers whose queue is not empty, the next one first.
    turns: VecDeque<String>,
    len: usize,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        Self {
            queues: HashMap::new(),
            turns: VecDeque::new(),
            len: 0,
        }
    }
}

impl<T> FairQueue<T> {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more, behind those of the same peer.
    pub fn push(&mut self, peer: String, item: T) {
        self.len += 1;
        match self.queues.get_mut(&peer) {
            Some(queue) => queue.push_back(item),
            None => {
                self.queues.insert(peer.clone(), VecDeque::from([item]));
                self.turns.push_back(peer);
            }
        }
    }

    /// Takes up to `most`, and up to `of_one` of a single peer: one of each, then the next of each.
    ///
    /// Those of one peer come in the order in which they came; who was passed over is first the next time.
    pub fn take(&mut self, most: usize, of_one: usize) -> Vec<T> {
        let mut taken = Vec::new();
        for _ in 0..of_one {
            for _ in 0..self.turns.len() {
                if taken.len() == most {
                    break;
                }
                let Some(peer) = self.turns.pop_front() else { break };
                let Some(queue) = self.queues.get_mut(&peer) else {
                    continue;
                };
                taken.extend(queue.pop_front());
                if queue.is_empty() {
                    self.queues.remove(&peer);
                } else {
                    self.turns.push_back(peer);
                }
            }
        }
        self.len -= taken.len();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(items: &[(&str, u32)]) -> FairQueue<u32> {
        let mut queue = FairQueue::default();
        for (peer, item) in items {
            queue.push((*peer).to_owned(), *item);
        }
        queue
    }

    #[test]
    fn everybody_has_a_turn_before_anybody_has_another() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("b", 6)]);
        assert_eq!(queue.take(100, 100), [1, 4, 5, 2, 6, 3]);
        assert!(queue.is_empty() && queue.turns.is_empty() && queue.queues.is_empty());
    }

    #[test]
    fn who_was_passed_over_is_first_the_next_time() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("b", 3), ("c", 4)]);
        assert_eq!(queue.take(2, 100), [1, 3]);
        assert_eq!(queue.len(), 2);
        queue.push("a".to_owned(), 5);
        queue.push("d".to_owned(), 6);
        assert_eq!(queue.take(100, 100), [4, 2, 6, 5]);
    }

    #[test]
    fn no_peer_has_more_than_its_part_of_what_is_taken_at_once() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 5)]);
        assert_eq!(queue.take(100, 2), [1, 5, 2]);
        assert_eq!(queue.take(100, 2), [3, 4]);
        assert_eq!(queue.take(100, 2), [0; 0]);
    }

    #[test]
    fn nothing_is_lost_or_taken_twice_however_little_is_taken_at_once() {
        for (most, of_one) in [(1, 1), (2, 1), (3, 2), (7, 3), (100, 1)] {
            let mut queue = FairQueue::default();
            for item in 0..60_u32 {
                // Peer 0 sends half of it all.
                queue.push((item % 2 * (item % 7)).to_string(), item);
            }
            let mut taken = Vec::new();
            while !queue.is_empty() {
                let some = queue.take(most, of_one);
                assert!((1..=most).contains(&some.len()), "{most} {of_one}");
                taken.extend(some);
            }
            let of_first: Vec<_> = taken.iter().filter(|item| **item % 2 * (**item % 7) == 0).collect();
            assert!(of_first.is_sorted());
            taken.sort_unstable();
            assert_eq!(taken, (0..60).collect::<Vec<_>>());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_than_its_share_waits_and_others_do_not() {
        let shares = Shares::new(2);
        let take = |peer: &str| shares.take(peer.to_owned());
        let (first, second) = (take("a").await.unwrap(), take("a").await.unwrap());
        let third = take("a");
        tokio::pin!(third);
        assert!(futures_util::poll!(&mut third).is_pending());
        assert!(take("b").await.is_ok());
        drop(first);
        let third = third.await.unwrap();
        drop((second, third));
        assert!(shares.peers.lock().unwrap().is_empty(), "who is not there is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_or_behind_too_many_is_told_so() {
        let shares = Shares::new(1);
        let held = shares.take("a".to_owned()).await.unwrap();
        let begun = tokio::time::Instant::now();
        let mut waiting: Vec<_> = (0..MAX_WAITING)
            .map(|_| Box::pin(shares.take("a".to_owned())))
            .collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        let one_too_many = shares.take("a".to_owned()).await.unwrap_err();
        assert_eq!((one_too_many.code(), begun.elapsed()), (Code::Busy, Duration::ZERO));
        for refused in futures_util::future::join_all(waiting).await {
            assert_eq!(refused.unwrap_err().code(), Code::Busy);
        }
        assert_eq!(begun.elapsed(), TURN_WITHIN);
        drop(held);
        assert!(shares.take("a".to_owned()).await.is_ok());
    }
}
