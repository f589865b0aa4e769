//! Reading envelopes before they are stored.

use parchment_core::seal::Envelope;
use poem::http::StatusCode;

use crate::http::problem::Problem;

/// The bytes of an envelope of at most `limit` bytes; `member` says where it was.
///
/// # Errors
///
/// 422 `invalid_envelope` with what is wrong about its shape; 413 `record_too_large`.
pub fn read(text: &str, limit: usize, member: &str) -> Result<Vec<u8>, Problem> {
    // What is too long is not worth decoding.
    if text.len() > limit.div_ceil(3) * 4 {
        return Err(too_large(limit, member));
    }
    let envelope = Envelope::from_base64(text).map_err(|error| {
        Problem::unprocessable("invalid_envelope", format!("{member}: {error} ({})", error.reason()))
    })?;
    if envelope.as_bytes().len() > limit {
        return Err(too_large(limit, member));
    }
    Ok(envelope.as_bytes().to_vec())
}

fn too_large(limit: usize, member: &str) -> Problem {
    let message = format!("{member}: the sealed record is longer than {limit} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "record_too_large", message)
}

/// The length of a record as its row says it. No record is as long as its column could count.
pub fn length(sealed: &[u8]) -> i32 {
    i32::try_from(sealed.len()).unwrap_or(i32::MAX)
}
