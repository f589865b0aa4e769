//! Whether to try again, and how long to wait before.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::{ClientError, TransportKind, operations::Retry};

/// The bound of the first wait; it doubles with each try.
const FIRST: Duration = Duration::from_millis(200);
/// The bound that all others stay below.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest that a server is obeyed without asking the caller.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a failed try has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing at all.
    Unheard,
    /// The server, or one behind it, could not do it now.
    Unavailable,
    /// Nobody knows.
    Lost,
    /// The same will be said next time.
    Final,
}

impl Failure {
    pub fn of(error: &ClientError) -> Self {
        match error {
            ClientError::Transport {
                kind: TransportKind::Connect,
                ..
            } => Self::Unheard,
            ClientError::Transport { .. } => Self::Lost,
            ClientError::Refused(refused) => match refused.status {
                429 => Self::Unheard,
                502..=504 if refused.code != "peer_refused" => Self::Unavailable,
                _ => Self::Final,
            },
            _ => Self::Final,
        }
    }

    /// The table of [`crate::operations`].
    pub fn is_repeated(self, retry: Retry) -> bool {
        match self {
            Self::Unheard => true,
            Self::Unavailable => retry != Retry::Never,
            Self::Lost => retry == Retry::Idempotent,
            Self::Final => false,
        }
    }
}

/// How long to wait after so many tries that failed, the last of them with this error; none when that is too long.
pub(crate) fn wait(tries: u32, failed: &ClientError) -> Option<Duration> {
    let jitter = jitter(tries);
    match failed.refused().and_then(|refused| refused.retry_after) {
        // All who were turned away together shall not come back together.
        Some(asked) if asked <= PATIENCE => Some(asked + jitter.min(FIRST)),
        Some(_) => None,
        None => Some(jitter),
    }
}

/// A random time below the bound of this try.
fn jitter(tries: u32) -> Duration {
    let bound = FIRST.saturating_mul(1 << tries.min(8)).min(LONGEST);
    let mut random = [0; 4];
    // Without randomness everybody waits the longest.
    let share = match getrandom::fill(&mut random) {
        Ok(()) => f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    };
    bound.mul_f64(share)
}

/// What `Retry-After` asks for: seconds, or the time until a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => until(text),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn until(date: &str) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    Some(
        date.duration_since(std::time::SystemTime::now())
            .unwrap_or(Duration::ZERO),
    )
}

/// Browsers' clocks are not the standard library's, and servers of this protocol write seconds.
#[cfg(target_arch = "wasm32")]
fn until(_: &str) -> Option<Duration> {
    None
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn sleep(time: Duration) {
    tokio::time::sleep(time).await;
}

#[cfg(target_arch = "wasm32")]
pub(crate) async fn sleep(time: Duration) {
    gloo_timers::future::sleep(time).await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Refused;

    fn refused(status: u16, retry_after: Option<u64>) -> ClientError {
        ClientError::Refused(Box::new(Refused {
            status,
            code: String::new(),
            message: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
            missing: None,
            supported_protocol_versions: Vec::new(),
        }))
    }

    #[test]
    fn waits_grow_to_a_bound_and_differ() {
        let waits = |tries| (0..100).map(move |_| wait(tries, &refused(503, None)).unwrap());
        assert!(waits(0).all(|wait| wait <= FIRST));
        assert!(waits(3).any(|wait| wait > FIRST));
        assert!(waits(40).all(|wait| wait <= LONGEST));
        assert!(waits(40).min() != waits(40).max());
    }

    #[test]
    fn a_server_is_waited_for_as_long_as_it_asks_unless_that_is_very_long() {
        assert!(wait(0, &refused(429, Some(3))).unwrap() >= Duration::from_secs(3));
        assert_eq!(wait(0, &refused(429, Some(30))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let asked = |text: &str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(asked("Fri, 31 Dec 2100 23:59:59 GMT").unwrap() > PATIENCE);
        assert_eq!(asked("soon"), None);
    }

    #[test]
    fn what_was_heard_is_repeated_only_where_that_is_harmless() {
        use Failure::{Final, Lost, Unavailable, Unheard};
        use Retry::{Idempotent, Never, Signed};
        for retry in [Idempotent, Signed, Never] {
            assert!(Unheard.is_repeated(retry) && !Final.is_repeated(retry));
        }
        assert!(Unavailable.is_repeated(Idempotent) && Unavailable.is_repeated(Signed));
        assert!(!Unavailable.is_repeated(Never));
        assert!(Lost.is_repeated(Idempotent) && !Lost.is_repeated(Signed) && !Lost.is_repeated(Never));
    }
}
