//! Manifests, as another server answers with them.

use parchment_core::{
    api::well_known::ManifestDocument, canonical::MAX_BYTES, handle::ServerId, keys::VerifyingKey, manifest::Manifest,
    refusal::Code,
};

/// A manifest is read for the server that was asked and for no other, and survives being published again.
pub fn check(data: &[u8]) -> bool {
    let stranger = ServerId::parse("nobody.invalid").unwrap();
    let claimed = claimed_id(data);
    if claimed.as_deref() != Some(stranger.as_str()) {
        assert_eq!(
            Manifest::read(data, &stranger).map_err(|refusal| refusal.code()),
            Err(Code::InvalidManifest)
        );
    }
    // A manifest is asked for by a name, so a name that is none is never asked.
    let Some(asked) = claimed.and_then(|claimed| ServerId::parse(&claimed).ok()) else {
        return false;
    };
    let manifest = Manifest::read(data, &asked);
    match &manifest {
        Ok(manifest) => check_accepted(manifest, &asked),
        Err(refusal) => assert_eq!(refusal.code(), Code::InvalidManifest),
    }
    manifest.is_ok()
}

fn check_accepted(manifest: &Manifest, asked: &ServerId) {
    assert_eq!(&manifest.server_id, asked);
    let key = &manifest.public_key;
    assert_eq!(VerifyingKey::from_base64(&key.to_base64()).as_ref(), Ok(key));
    let published = serde_json::to_vec(&ManifestDocument::from(manifest)).unwrap();
    // Publishing adds members, so a manifest just below the limit may pass it.
    if published.len() <= MAX_BYTES {
        assert_eq!(Manifest::read(&published, asked).as_ref(), Ok(manifest));
    }
}

fn claimed_id(data: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(data).ok()?;
    Some(document.get("server_id")?.as_str()?.to_owned())
}
