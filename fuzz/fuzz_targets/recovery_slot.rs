//! See `targets/recovery_slot.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::recovery_slot::check(data);
});
