//! The PRF output of passkeys: asked for by the client, and never seen here.

use serde_json::Value;
use std::collections::BTreeMap;

use crate::http::problem::Problem;

/// Refuses extension results with a PRF output in them.
///
/// Browsers put it there (`toJSON()` copies it), and clients are to take it out before they send the answer: whoever
/// has it can open what the passkey wraps. Nothing of it goes further than this.
///
/// # Errors
///
/// 422 `prf_output_sent`.
pub(super) fn check_withheld(results: &BTreeMap<String, Value>) -> Result<(), Problem> {
    let prf = results.get("prf").and_then(|prf| prf.get("results"));
    // The same secret by its older name.
    let hmac = results.get("hmacGetSecret");
    if prf.into_iter().chain(hmac).any(has_bytes) {
        let message = "The answer contains a PRF output, which is a secret of yours. It was not kept, but this client \
                       must be mended: delete clientExtensionResults.prf.results before sending.";
        return Err(Problem::unprocessable("prf_output_sent", message));
    }
    Ok(())
}

/// Whether there is anything in a value, however bytes may be written: text, numbers, or either inside of something.
///
/// Empty texts, and the empty objects that `JSON.stringify` makes of buffers, hold nothing.
fn has_bytes(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(has_bytes),
        Value::Object(members) => members.values().any(has_bytes),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(results: Value) -> bool {
        check_withheld(&serde_json::from_value(results).unwrap()).is_err()
    }

    #[test]
    fn bytes_are_found_however_they_are_written() {
        for output in [
            json!({ "first": "AAAA" }),
            json!({ "first": "", "second": "AA" }),
            json!({ "first": [0, 1, 2] }),
            json!({ "first": { "0": 0, "1": 7 } }),
            json!({ "first": { "type": "Buffer", "data": [1] } }),
            json!("AAAA"),
        ] {
            assert!(refused(json!({ "prf": { "results": output } })), "{output}");
            assert!(refused(json!({ "hmacGetSecret": output })), "{output}");
        }
    }

    #[test]
    fn what_holds_no_bytes_may_stay() {
        for prf in [
            json!(null),
            json!({}),
            json!({ "enabled": true }),
            json!({ "enabled": true, "results": null }),
            json!({ "results": {} }),
            json!({ "results": { "first": null } }),
            json!({ "results": { "first": "" } }),
            json!({ "results": { "first": {} } }),
        ] {
            assert!(!refused(json!({ "prf": prf, "credProps": { "rk": true } })), "{prf}");
        }
        assert!(!refused(json!({})));
    }

    /// HKDF-SHA-256 without a salt, of one block.
    #[test]
    fn the_input_is_derived_as_the_protocol_says() {
        use base64ct::{Base64UrlUnpadded, Encoding as _};
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let hmac = |key: &[u8], parts: &[&[u8]]| -> Vec<u8> {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().to_vec()
        };
        let derived = hmac(&hmac(&[0; 32], &[b"parchment"]), &[b"parchment-prf-salt-v2", &[1]]);
        let input = parchment_core::api::passkeys::PRF_SALT;
        assert_eq!(Base64UrlUnpadded::encode_string(&derived), input);
    }
}
