//! See `targets/inbox_body.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::inbox_body::check(data);
});
