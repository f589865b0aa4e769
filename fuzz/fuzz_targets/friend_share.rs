//! See `targets/friend_share.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::friend_share::check(data);
});
