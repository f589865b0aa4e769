//! What a browser finds in its storage where the seed should be.

use parchment_core::{
    encoding,
    seed_wrap::{self, DeviceSecret},
};

/// The secret that the seeds are sealed under, and the device.
const SECRET: &str = "aS4jenvwtj/ZeTkvQH9+i3dB+DJR+aSKHbyz98RfmHQ=";
const DEVICE: &str = "00000000-0000-4000-8000-000000000001";

/// What opens opens for this device alone; what is not even base64 is never given up.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let key = DeviceSecret::from_base64(SECRET).unwrap().wrap_key();
    match seed_wrap::open(text, DEVICE, &key) {
        Ok(_) => {
            let elsewhere = seed_wrap::open(text, "device-9", &key).unwrap_err();
            assert!(elsewhere.is_final());
            true
        }
        Err(error) => {
            assert!(!error.is_final() || encoding::decode(text).is_ok());
            false
        }
    }
}
