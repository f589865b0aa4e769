//! The time of this device, for what is signed.

use parchment_core::time::UnixMillis;

/// Now, by the device's clock.
#[cfg(not(target_arch = "wasm32"))]
pub fn now() -> UnixMillis {
    use std::time::{SystemTime, UNIX_EPOCH};
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Now, by the browser's clock.
#[cfg(target_arch = "wasm32")]
#[allow(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 are far below 2^53"
)]
pub fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as i64)
}
