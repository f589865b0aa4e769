//! Traffic limits: how often somebody may do something, per process.
//!
//! Counters in fixed windows of a minute. They protect the machine, not secrets: what limits the
//! guessing of codes are rows in the database.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use parchment_core::limits;

use super::problem::Problem;
use crate::config::Switch;

const WINDOW: Duration = Duration::from_secs(60);

/// How many keys a limit remembers; beyond that, those of past windows are forgotten.
const MAX_KEYS: usize = 50_000;

/// So many times a minute, per key.
#[derive(Debug)]
pub struct Limit {
    per_window: Option<u32>,
    counters: Mutex<HashMap<String, (Instant, u32)>>,
}

impl Limit {
    fn new(per_minute: u32, switch: Switch) -> Self {
        Self {
            per_window: (switch == Switch::On).then_some(per_minute),
            counters: Mutex::default(),
        }
    }

    /// Counts one more for `key`.
    ///
    /// # Errors
    ///
    /// 429 when the window is used up; the one too many is not counted.
    pub fn count(&self, key: &str) -> Result<(), Problem> {
        self.look(key, true)
    }

    /// Looks whether one more would do, without counting it.
    ///
    /// # Errors
    ///
    /// 429 when the window is used up.
    pub fn check(&self, key: &str) -> Result<(), Problem> {
        self.look(key, false)
    }

    fn look(&self, key: &str, count: bool) -> Result<(), Problem> {
        let Some(per_window) = self.per_window else {
            return Ok(());
        };
        let now = Instant::now();
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |start: Instant| now.saturating_duration_since(start) < WINDOW;
        match counters.get_mut(key) {
            Some((start, used)) if fresh(*start) => {
                if *used >= per_window {
                    let wait = WINDOW.saturating_sub(now.saturating_duration_since(*start));
                    return Err(Problem::too_many("Too many requests; slow down.", wait.as_secs() + 1));
                }
                *used += u32::from(count);
            }
            _ if count => {
                if counters.len() >= MAX_KEYS {
                    counters.retain(|_, (start, _)| fresh(*start));
                }
                // More callers than that within one minute are let through uncounted: memory is bounded first.
                if counters.len() < MAX_KEYS {
                    counters.insert(key.to_owned(), (now, 1));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// All traffic limits of a process.
#[derive(Debug)]
pub struct Traffic {
    /// Inbox requests, per authenticated server.
    pub inbox_per_server: Limit,
    /// Refused inbox requests, per client address.
    pub inbox_failures: Limit,
    /// Requests for well-known documents, per client address.
    pub well_known: Limit,
    /// Questions to other servers that a user causes, per user.
    pub lookups: Limit,
    /// Sign-ins with a passkey that are begun, per client address.
    pub passkey_sign_ins: Limit,
    /// Options of passkey operations, per user and operation.
    pub passkey_options: Limit,
    /// Commits of a rotation, per user.
    pub rotations: Limit,
    /// Questions for the secret of a device, per user.
    pub wrap_secrets: Limit,
    /// Changes of all of a user's secrets, per user.
    pub wrap_secret_rotations: Limit,
}

impl Traffic {
    /// The documented limits, or none.
    pub fn new(switch: Switch) -> Self {
        Self {
            inbox_per_server: Limit::new(limits::INBOX_PER_SERVER_PER_MINUTE, switch),
            inbox_failures: Limit::new(limits::INBOX_FAILURES_PER_ADDRESS_PER_MINUTE, switch),
            well_known: Limit::new(limits::WELL_KNOWN_PER_ADDRESS_PER_MINUTE, switch),
            lookups: Limit::new(limits::LOOKUPS_PER_USER_PER_MINUTE, switch),
            passkey_sign_ins: Limit::new(limits::PASSKEY_SIGN_INS_PER_CLIENT_PER_MINUTE, switch),
            passkey_options: Limit::new(limits::PASSKEY_OPTIONS_PER_USER_PER_MINUTE, switch),
            rotations: Limit::new(limits::ROTATIONS_PER_USER_PER_MINUTE, switch),
            wrap_secrets: Limit::new(limits::WRAP_SECRETS_PER_USER_PER_MINUTE, switch),
            wrap_secret_rotations: Limit::new(limits::WRAP_SECRET_ROTATIONS_PER_USER_PER_MINUTE, switch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_so_many_per_key_and_no_more() {
        let limit = Limit::new(2, Switch::On);
        assert!(limit.check("a").is_ok() && limit.count("a").is_ok() && limit.count("a").is_ok());
        assert!(limit.count("a").is_err() && limit.check("a").is_err());
        assert!(limit.count("b").is_ok());
    }

    #[test]
    fn switched_off_nothing_is_limited() {
        let limit = Limit::new(1, Switch::Off);
        assert!((0..10).all(|_| limit.count("a").is_ok()));
    }
}
