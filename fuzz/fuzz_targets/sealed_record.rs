//! See `targets/sealed_record.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::sealed_record::check(data);
});
