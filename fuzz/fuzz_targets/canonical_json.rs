//! See `targets/canonical_json.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::canonical_json::check(data);
});
