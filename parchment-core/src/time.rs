//! Instants, RFC 3339 timestamps and freshness (protocol sections 5 and 17.5).
//!
//! Nothing in this crate reads a clock: whoever drives it brings a [`Clock`].

use std::{fmt, sync::Arc};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This instant moved by `millis` (negative: into the past).
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for UnixMillis {
    /// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ`, the one form this project writes.
    ///
    /// Years outside 0000 to 9999 have no RFC 3339 form; they are written with as many digits as they need.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(MILLIS_PER_DAY);
        let of_day = self.0.rem_euclid(MILLIS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        let (seconds, millis) = (of_day / 1000, of_day % 1000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
        )
    }
}

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> UnixMillis;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> UnixMillis {
        (**self).now()
    }
}

/// A clock that stands still, for tests and for judging recorded requests.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub UnixMillis);

impl Clock for FixedClock {
    fn now(&self) -> UnixMillis {
        self.0
    }
}

/// How far a timestamp may lie from the receiver's clock, in milliseconds, inclusive: 300 s.
pub const FRESHNESS_WINDOW_MS: i64 = 300_000;

/// A text that is not an RFC 3339 date-time with an explicit zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an RFC 3339 date-time with a zone, such as 2026-04-20T12:00:00.000Z")]
pub struct TimestampError;

/// An RFC 3339 date-time with an explicit zone, and the very text that was signed.
///
/// Signatures cover the text, freshness the instant: `…T12:00:00Z` and `…T12:00:00.000Z` are
/// the same instant and different signed texts. Equality compares texts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Timestamp {
    text: Box<str>,
    instant: UnixMillis,
}

impl Timestamp {
    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)` (RFC 3339, section 5.6).
    ///
    /// `t` and `z` may be lower case. The day must exist, the hour is at most 23, and a leap
    /// second (`:60`) is refused as upstream refuses it. Fraction digits beyond the third are cut off.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let instant = parse_rfc3339(text.as_bytes()).ok_or(TimestampError)?;
        Ok(Self {
            text: text.into(),
            instant,
        })
    }

    /// The written form of an instant: `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    ///
    /// RFC 3339 has four digits for the year: earlier instants become the first of the year 0000, later ones the
    /// last of 9999.
    pub fn from_instant(instant: UnixMillis) -> Self {
        let instant = instant.clamp(UnixMillis(-62_167_219_200_000), UnixMillis(253_402_300_799_999));
        Self {
            text: instant.to_string().into(),
            instant,
        }
    }

    /// The text exactly as it was read or written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The instant that the text names, cut to milliseconds.
    pub fn instant(&self) -> UnixMillis {
        self.instant
    }

    /// Whether this timestamp lies within `window_ms` of `now`, to either side, inclusive.
    pub fn is_within(&self, now: UnixMillis, window_ms: i64) -> bool {
        now.0.abs_diff(self.instant.0) <= window_ms.max(0).unsigned_abs()
    }

    /// Whether this timestamp is fresh: within [`FRESHNESS_WINDOW_MS`] of `now`.
    pub fn is_fresh(&self, now: UnixMillis) -> bool {
        self.is_within(now, FRESHNESS_WINDOW_MS)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({})", self.text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A reader over ASCII bytes in which every step may fail.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.next()?.to_ascii_uppercase() == wanted).then_some(())
    }

    fn number(&mut self, digits: u32, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.next().filter(u8::is_ascii_digit)?;
            value = value * 10 + i64::from(digit - b'0');
        }
        range.contains(&value).then_some(value)
    }
}

fn parse_rfc3339(text: &[u8]) -> Option<UnixMillis> {
    let mut cursor = Cursor(text);
    let year = cursor.number(4, 0..=9999)?;
    cursor.expect(b'-')?;
    let month = cursor.number(2, 1..=12)?;
    cursor.expect(b'-')?;
    let day = cursor.number(2, 1..=days_in_month(year, month))?;
    cursor.expect(b'T')?;
    let hour = cursor.number(2, 0..=23)?;
    cursor.expect(b':')?;
    let minute = cursor.number(2, 0..=59)?;
    cursor.expect(b':')?;
    let second = cursor.number(2, 0..=59)?;

    let mut zone = cursor.next()?;
    let mut millis = 0;
    if zone == b'.' {
        let mut weight = 100;
        zone = cursor.next().filter(u8::is_ascii_digit)?;
        while zone.is_ascii_digit() {
            millis += i64::from(zone - b'0') * weight;
            weight /= 10;
            zone = cursor.next()?;
        }
    }
    let offset_minutes = match zone {
        b'Z' | b'z' => 0,
        b'+' | b'-' => {
            let hours = cursor.number(2, 0..=23)?;
            cursor.expect(b':')?;
            let minutes = hours * 60 + cursor.number(2, 0..=59)?;
            if zone == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    if !cursor.0.is_empty() {
        return None;
    }
    let minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    Some(UnixMillis((minutes * 60 + second) * 1000 + millis))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year and a month's
/// first day follows from 153 days for every five months.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<i64> {
        Timestamp::parse(text).ok().map(|timestamp| timestamp.instant().0)
    }

    #[test]
    fn written_instants_read_back_as_themselves() {
        let mut instant = -62_167_219_200_000_i64;
        while instant < 253_402_300_800_000 {
            let written = Timestamp::from_instant(UnixMillis(instant));
            assert_eq!(millis(written.as_str()), Some(instant), "{written}");
            instant += 7_777_777_777_777 / 13;
        }
    }

    #[test]
    fn a_fraction_is_cut_not_rounded() {
        assert_eq!(millis("2026-04-20T12:00:00.1239999Z"), Some(1_776_686_400_123));
        assert_eq!(
            millis("2026-04-20T12:00:00.99999999999999999999Z"),
            Some(1_776_686_400_999)
        );
    }

    #[test]
    fn what_rfc_3339_does_not_know_is_refused() {
        for text in [
            "2026-04-20T12:00:00",
            "2026-04-20 12:00:00Z",
            "2026-04-20T24:00:00Z",
            "2026-02-30T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-04-20T12:00:00+0200",
            "2026-04-20T12:00:00.Z",
            "2026-04-20T12:00:00,5Z",
            "2026-04-20T12:00:00ZZ",
            " 2026-04-20T12:00:00Z",
            "+002026-04-20T12:00:00Z",
            "",
        ] {
            assert_eq!(millis(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_window_includes_its_ends() {
        let now = UnixMillis(1_776_686_400_000);
        let at = |offset| Timestamp::from_instant(now.plus(offset));
        assert!(at(300_000).is_fresh(now) && at(-300_000).is_fresh(now));
        assert!(!at(300_001).is_fresh(now) && !at(-300_001).is_fresh(now));
    }
}
