//! The base64 text of an envelope, as it comes from a server or out of a database.

use parchment_core::{
    encoding,
    seal::{self, Aad, Algorithm, Envelope, RawKey, RawRecord, SealNonce, ShapeError, inspect},
};

/// The key that the seeds are sealed under.
const KEY: &str = "jL8uH5O+uYiX39XVrRtUTtb3LsVtefoGo4hwMRpIBXc=";

fn place(record_id: &str) -> RawRecord<'_> {
    RawRecord(Aad {
        user_id: "user-1".into(),
        record_type: "personal-blob".into(),
        record_id: record_id.into(),
        key_context: "parchment-personal-v1".into(),
    })
}

/// Looking and reading agree; what opens is what sealing its content gives, and opens nowhere else.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let (inspection, read) = (inspect(text), Envelope::from_base64(text));
    assert_eq!(
        inspection.shape,
        read.as_ref().map(Envelope::algorithm).map_err(|error| *error)
    );
    assert_eq!(
        inspection.shape == Err(ShapeError::Base64),
        encoding::decode(text).is_err()
    );
    let either = Envelope::from_base64_accepting(text, &[Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305]);
    if let Ok(either) = &either {
        assert_eq!(either.to_base64(), text);
        assert!(inspection.is_v2());
    }
    let key = RawKey::from_bytes(&encoding::decode_array(KEY).unwrap());
    let Some((envelope, opened)) = either.ok().and_then(|envelope| {
        let opened = seal::open(&place("search-history"), &key, &envelope).ok()?;
        Some((envelope, opened))
    }) else {
        return false;
    };
    let nonce = SealNonce::from_bytes(*envelope.as_bytes()[2..].first_chunk().unwrap());
    let again = seal::seal_with(
        envelope.algorithm(),
        &place("search-history"),
        &key,
        opened.as_bytes(),
        nonce,
    );
    assert_eq!(again.as_ref(), Ok(&envelope));
    assert!(seal::open(&place("settings"), &key, &envelope).is_err());
    true
}
