//! Statement 13: times are read once, strictly, and compared as instants.

use parchment_core::{
    envelope::Kind,
    refusal::Code,
    time::{FRESHNESS_WINDOW_MS, Timestamp, UnixMillis},
};

use super::world::{NOW, World, carried, said};
use crate::sample::home;

#[test]
fn s13_the_window_is_300_seconds_to_either_side_to_the_millisecond() {
    assert_eq!(FRESHNESS_WINDOW_MS, 300_000);
    let now = Timestamp::from_instant(NOW);
    for (offset, fresh) in [
        (0, true),
        (300_000, true),
        (-300_000, true),
        (300_001, false),
        (-300_001, false),
        (i64::MAX, false),
        (i64::MIN, false),
    ] {
        assert_eq!(now.is_fresh(NOW.plus(offset)), fresh, "{offset}");
        assert_eq!(now.is_fresh(UnixMillis(NOW.0.wrapping_add(offset))), fresh, "{offset}");
    }
    // For the request and for the message, each by itself.
    let world = World::new();
    for (request_at, message_at, code) in [
        (300_000, -300_000, None),
        (-300_000, 300_000, None),
        (300_001, 0, Some(Code::StaleRequest)),
        (-300_001, 0, Some(Code::StaleRequest)),
        (0, 300_001, Some(Code::StaleMessage)),
        (0, -300_001, Some(Code::StaleMessage)),
    ] {
        let message = said(Kind::FriendInvite, 1, NOW.plus(message_at));
        let request = carried(&home(), &message, 1, NOW.plus(request_at));
        let refused = world.verified(&request, NOW).err().map(|refusal| refusal.code());
        assert_eq!(refused, code, "{request_at}, {message_at}");
    }
}

#[test]
fn s13_only_times_of_rfc_3339_with_a_zone_are_read() {
    let instant = |text: &str| Timestamp::parse(text).map(|timestamp| timestamp.instant().0);
    let noon = 1_776_686_400_000;
    for (text, millis) in [
        ("2026-04-20T12:00:00Z", noon),
        ("2026-04-20t12:00:00z", noon),
        ("2026-04-20T12:00:00.000Z", noon),
        ("2026-04-20T12:00:00.1Z", noon + 100),
        ("2026-04-20T12:00:00.0009Z", noon),
        ("2026-04-20T12:00:00.999999999999Z", noon + 999),
        ("2026-04-20T14:00:00+02:00", noon),
        ("2026-04-20T00:30:00-11:30", noon),
        ("2026-04-20T12:00:00-00:00", noon),
        ("2026-04-21T11:59:00+23:59", noon),
        ("1969-12-31T23:59:59.999Z", -1),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
    ] {
        assert_eq!(instant(text), Ok(millis), "{text}");
    }
    for text in [
        "2026-04-20T23:59:60Z",
        "2016-12-31T23:59:60Z",
        "2026-04-20T24:00:00Z",
        "2026-04-20T12:60:00Z",
        "2026-02-29T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-04-00T12:00:00Z",
        "2026-04-20T12:00:00",
        "2026-04-20 12:00:00Z",
        "2026-04-20T12:00Z",
        "2026-04-20T12:00:00.Z",
        "2026-04-20T12:00:00,5Z",
        "2026-04-20T12:00:00+0200",
        "2026-04-20T12:00:00+24:00",
        "2026-04-20T12:00:00+02:60",
        "2026-04-20T12:00:00Z ",
        " 2026-04-20T12:00:00Z",
        "2026-04-20T12:00:00ZZ",
        "2026-4-20T12:00:00Z",
        "+002026-04-20T12:00:00Z",
        "-000001-04-20T12:00:00Z",
        "-2026-04-20T12:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-04-20",
        "1776686400000",
        "-1",
        "Mon, 20 Apr 2026 12:00:00 GMT",
        "２026-04-20T12:00:00Z",
        "2026-04-20T12:00:00\u{ff3a}",
        "now",
        "",
    ] {
        assert!(instant(text).is_err(), "{text:?}");
    }
}

#[test]
fn s13_far_times_are_refused_and_do_not_overflow() {
    let world = World::new();
    for text in ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999-23:59"] {
        let far = Timestamp::parse(text).unwrap();
        assert!(!far.is_fresh(NOW) && !far.is_fresh(UnixMillis(i64::MIN)) && !far.is_fresh(UnixMillis(i64::MAX)));
        let message = said(Kind::FriendInvite, 1, NOW);
        let request = home().inbox_request(
            &crate::sample::own(),
            &message,
            parchment_core::nonce::Nonce::from_bytes([1; 16]),
            far,
        );
        let request = crate::sample::Request {
            headers: request
                .headers()
                .into_iter()
                .map(|(name, value)| (name, value.into_bytes()))
                .collect(),
            body: request.body().into(),
        };
        assert_eq!(
            world.verified(&request, NOW).unwrap_err().code(),
            Code::StaleRequest,
            "{text}"
        );
    }
}
