//! What the well-known addresses answer, in cases of `inbox-http.json`.

use std::collections::BTreeSet;

use parchment_core::{
    api::well_known::ManifestDocument,
    handle::{Alias, ServerId},
    keys::SigningKey,
    manifest::{MANIFEST_PATH, Manifest, USER_DOCUMENT_PATH},
};

use super::{
    reader::Case,
    verdict::{Finding, Ours, Reason, compare},
};

/// Judges a GET by the names of the members that are answered; none where there is no such document.
pub(crate) fn judge(case: &Case<'_>, path: &str) -> Finding {
    let upstream = (case.number("status") == 200.0).then(|| {
        let keys = case
            .get("response_keys")
            .and_then(|keys| keys.as_array())
            .expect("response_keys are an array");
        keys.iter()
            .map(|key| key.as_str().expect("a text").to_owned())
            .collect::<BTreeSet<_>>()
    });
    if path == MANIFEST_PATH {
        compare(upstream, Ok(manifest_members()))
    } else if let Some(alias) = path.strip_prefix(USER_DOCUMENT_PATH) {
        compare(upstream, user_members(alias))
    } else if path.starts_with("/.well-known/") {
        compare(upstream, Err(Reason::new(None, "there is no such document")))
    } else {
        Finding::UnknownKind
    }
}

fn manifest_members() -> BTreeSet<String> {
    let key = SigningKey::from_seed(&[1; 32]).verifying_key();
    let manifest = Manifest::new(ServerId::parse("b.example").unwrap(), key, Vec::new());
    let document = serde_json::to_value(ManifestDocument::from(&manifest)).unwrap();
    document.as_object().unwrap().keys().cloned().collect()
}

/// There are no local users, whatever alias is asked for.
fn user_members(alias: &str) -> Ours<BTreeSet<String>> {
    Alias::parse(alias)?;
    Err(Reason::new(None, "there are no users here"))
}
