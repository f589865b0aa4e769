//! What people type or paste, and browsers pass on: recovery keys, transfer codes, PRF outputs.

use parchment_core::{derive::MasterSeed, prf::PrfOutput, transfer::TransferCode};

/// What is taken survives being written and read once more.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let seed = MasterSeed::from_recovery_key(text);
    if let Ok(seed) = &seed {
        let written = seed.to_recovery_key();
        assert!(text.contains(&**written), "only what stands around a key is taken away");
        assert_eq!(MasterSeed::from_recovery_key(&written).as_ref(), Ok(seed));
    }
    let code = TransferCode::parse(text);
    if let Ok(code) = &code {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(code.to_string(), digits);
    }
    let output = PrfOutput::from_text(text);
    if let Ok(output) = &output {
        // Base64: between three and four bytes for each three.
        assert!(output.expose().len() <= text.len() / 4 * 3 + 2);
        assert_eq!(output.wrap_key().is_ok(), output.expose().len() >= 16);
    }
    seed.is_ok() || code.is_ok() || output.is_ok()
}
