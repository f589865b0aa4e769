//! Whether the clock is right: messages are refused when two clocks are five minutes apart.

use std::time::{Duration, SystemTime};

use parchment_core::{handle::ServerId, manifest::MANIFEST_PATH, time::Clock};
use sea_orm::{EntityTrait as _, QueryOrder as _, QuerySelect as _};

use super::{Finding, Patient};
use crate::{
    federation::{fetch::Fetcher, guard::Reach},
    store::entities::peers,
};

/// How many peers are asked for the time.
const ASKED: u64 = 5;

/// How far apart clocks may be, in milliseconds; a `Date` has whole seconds and has travelled.
const GOOD_MS: i64 = 10_000;
const BAD_MS: i64 = 120_000;

/// Compares the clock with those of peers, or else with the public origin's.
pub(super) async fn clock(patient: &Patient<'_>, own_date: Option<String>, clock: &dyn Clock) -> Finding {
    const CHECK: &str = "clock";
    let mut offsets = of_peers(patient, clock).await;
    offsets.sort_unstable_by_key(|(_, offset)| *offset);
    // The one in the middle, so that a single peer whose clock is wrong decides nothing.
    let middle = offsets.get(offsets.len() / 2).cloned();
    let origin = &patient.settings.public_origin;
    let of_origin = own_date.filter(|_| !origin.server_id().is_loopback());
    let of_origin = of_origin.and_then(|date| Some((origin.to_string(), offset(&date, clock)?)));
    let Some((whose, offset)) = middle.or(of_origin) else {
        return Finding::warn(
            CHECK,
            format!(
                "cannot be judged: no other server could be asked; here it is {}",
                clock.now()
            ),
            "Compare it yourself, and run a time service (systemd-timesyncd, chrony).",
        );
    };
    let found = format!(
        "{:.0} s {} that of {whose}",
        offset.abs() as f64 / 1000.0,
        match offset {
            0.. => "behind",
            _ => "ahead of",
        }
    );
    let advice = "Run a time service (systemd-timesyncd, chrony): at five minutes messages are refused. If yours is right, \
                  tell the other's operator.";
    match offset.abs() {
        0..=GOOD_MS => Finding::ok(CHECK, format!("agrees with that of {whose}")),
        ..=BAD_MS => Finding::warn(CHECK, found, advice),
        _ => Finding::fail(CHECK, found, advice),
    }
}

/// How far ahead the clocks of the latest peers are, in milliseconds.
async fn of_peers(patient: &Patient<'_>, clock: &dyn Clock) -> Vec<(String, i64)> {
    let Some(database) = &patient.database else {
        return Vec::new();
    };
    let latest = peers::Entity::find()
        .order_by_desc(peers::Column::PinnedAt)
        .limit(ASKED);
    let rows = latest.all(database.reader()).await.unwrap_or_default();
    let reach = if patient.settings.allow_loopback_peers {
        Reach::GlobalOrLoopback
    } else {
        Reach::Global
    };
    let Ok(fetcher) = Fetcher::new(reach) else {
        return Vec::new();
    };
    let asking = rows
        .iter()
        .filter_map(|row| ServerId::parse(&row.server_id).ok())
        .map(|server| {
            let fetcher = &fetcher;
            async move {
                let date = fetcher.date(&server, MANIFEST_PATH).await.ok()??;
                Some((server.to_string(), offset(&date, clock)?))
            }
        });
    let offsets = futures_util::future::join_all(asking).await;
    offsets.into_iter().flatten().collect()
}

/// How far ahead of this clock a date is, in milliseconds.
fn offset(date: &str, clock: &dyn Clock) -> Option<i64> {
    let theirs = httpdate::parse_http_date(date).ok()?;
    let since = theirs.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    // It names the second that had begun; in the middle of it the error is least.
    let theirs = i64::try_from((since + Duration::from_millis(500)).as_millis()).ok()?;
    Some(theirs.saturating_sub(clock.now().0))
}
