//! What is swept away on the quiet: everything that grows has an end.

use std::{collections::VecDeque, sync::Weak, time::Duration};

use parchment_core::{replay::NONCE_LIFETIME_MS, time::UnixMillis};
use tokio::time::{Instant, MissedTickBehavior};

use crate::{
    app::App,
    auth::{codes, passkeys, sessions},
    federation::{inbox, refusals},
    store::{StoreError, Task},
    vault::transfer,
};

const EVERY: Duration = Duration::from_secs(60);

const NONCE_LIFETIME: Duration = Duration::from_millis(NONCE_LIFETIME_MS.unsigned_abs());

/// Sweeps once a minute for as long as the application lives.
pub(crate) async fn run(app: Weak<App>) {
    let mut age = NonceAge::default();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = sweep(&app, &mut age).await {
            tracing::warn!(%error, "sweeping failed; it is tried again in a minute");
        }
    }
}

async fn sweep(app: &App, age: &mut NonceAge) -> Result<(), StoreError> {
    let now = app.now();
    let until = age.forget_until(Instant::now(), now);
    // Of several processes one sweeps; should it end, another does so the next time.
    let Some(_claim) = app.store.claim(Task::Sweep).await? else {
        return Ok(());
    };
    if let Some(until) = until {
        inbox::sweep(&app.store, until.0).await?;
    }
    codes::sweep(&app.store, now).await?;
    passkeys::sweep(&app.store, now).await?;
    sessions::sweep(&app.store, now).await?;
    transfer::sweep(&app.store, now).await?;
    refusals::sweep(&app.store, now).await
}

/// Up to when nonces may be forgotten, by two clocks.
///
/// The wall clock alone would not do: when it jumps ahead, nonces look old that are not, and when
/// it jumps back their messages are fresh again. So a nonce must be old by the wall clock and
/// have been there a lifetime ago by the clock that never jumps.
#[derive(Debug, Default)]
struct NonceAge {
    /// What both clocks said at earlier sweeps, oldest first.
    readings: VecDeque<(Instant, UnixMillis)>,
    /// The latest reading that is a lifetime old.
    aged: Option<UnixMillis>,
}

impl NonceAge {
    fn forget_until(&mut self, steady: Instant, wall: UnixMillis) -> Option<UnixMillis> {
        self.readings.push_back((steady, wall));
        while let Some(&(then, reading)) = self.readings.front()
            && steady.duration_since(then) >= NONCE_LIFETIME
        {
            self.aged = Some(reading);
            self.readings.pop_front();
        }
        self.aged.map(|aged| aged.min(wall.plus(-NONCE_LIFETIME_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Sweeps every minute for `minutes`, the wall clock off by `step` ms; gives the last cutoff relative to the start.
    fn run(age: &mut NonceAge, start: Instant, from_minute: u64, minutes: u64, step: i64) -> Option<i64> {
        let mut last = None;
        for minute in from_minute..from_minute + minutes {
            let passed = Duration::from_secs(60 * minute);
            let wall = UnixMillis(i64::try_from(passed.as_millis()).unwrap() + step);
            last = age.forget_until(start + passed, wall).map(|until| until.0);
        }
        last
    }

    #[test]
    fn nothing_is_forgotten_within_a_lifetime_of_starting() {
        let mut age = NonceAge::default();
        assert_eq!(run(&mut age, Instant::now(), 0, 20, 0), None);
        assert_eq!(run(&mut age, Instant::now(), 0, 1, 0), None);
    }

    #[test]
    fn a_clock_that_runs_true_forgets_after_a_lifetime() {
        let mut age = NonceAge::default();
        assert_eq!(run(&mut age, Instant::now(), 0, 61, 0), Some(40 * 60_000));
    }

    #[test]
    fn a_clock_that_jumps_ahead_forgets_nothing_early() {
        let (mut age, start) = (NonceAge::default(), Instant::now());
        run(&mut age, start, 0, 60, 0);
        // Just after the jump, what came in the last twenty minutes is still kept.
        assert_eq!(run(&mut age, start, 60, 1, HOUR), Some(40 * 60_000));
    }

    #[test]
    fn a_clock_that_jumps_back_forgets_nothing_early() {
        let (mut age, start) = (NonceAge::default(), Instant::now());
        run(&mut age, start, 0, 60, 0);
        // Nonces are now received an hour "earlier"; twenty minutes on, the oldest of them are just old enough.
        let until = run(&mut age, start, 60, 21, -HOUR).unwrap();
        assert_eq!(until, 80 * 60_000 - HOUR - NONCE_LIFETIME_MS);
    }
}
