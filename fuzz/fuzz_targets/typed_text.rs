//! See `targets/typed_text.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    parchment_fuzz::typed_text::check(data);
});
