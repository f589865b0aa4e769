//! See `targets/stored_seed.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::stored_seed::check(data);
});
