//! See `targets/device_transfer.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::device_transfer::check(data);
});
