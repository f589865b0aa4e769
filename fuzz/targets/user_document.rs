//! User documents, as another server answers with them.

use parchment_core::{
    api::well_known::UserDocumentBody,
    canonical::MAX_BYTES,
    handle::{Alias, Handle, Origin},
    keys::{AgreementKey, VerifyingKey},
    manifest::UserDocument,
    refusal::Code,
};

/// A document is read for the user who was asked for and no other, and survives being published again.
pub fn check(data: &[u8]) -> bool {
    // Who is asked for always has a handle, so a text that is none is never compared.
    let Some(asked) = claimed_handle(data) else {
        return false;
    };
    let stranger = Handle::new(&Alias::parse("nobody").unwrap(), &asked.server());
    if asked != stranger {
        assert_eq!(read(data, &stranger, true), Err(Code::UnknownSender));
        assert_eq!(read(data, &stranger, false), Err(Code::UnknownSender));
    }
    let (secure, plain) = (read(data, &asked, true), read(data, &asked, false));
    // There is one inbox, and it is reached in one way.
    assert!(secure.is_err() || plain.is_err());
    let is_accepted = secure.is_ok() || plain.is_ok();
    for (document, scheme) in [(secure, "https"), (plain, "http")] {
        match document {
            Ok(document) => check_accepted(&document, &asked, scheme),
            Err(code) => assert_eq!(code, Code::UnknownSender),
        }
    }
    is_accepted
}

fn read(data: &[u8], asked: &Handle, https: bool) -> Result<UserDocument, Code> {
    UserDocument::read(data, asked, https).map_err(|refusal| refusal.code())
}

fn check_accepted(document: &UserDocument, asked: &Handle, scheme: &str) {
    assert_eq!(&document.handle, asked);
    assert!(scheme == "https" || asked.server().is_loopback());
    let key = &document.signing_key;
    assert_eq!(VerifyingKey::from_base64(&key.to_base64()).as_ref(), Ok(key));
    if let Some(key) = &document.encryption_key {
        assert_eq!(AgreementKey::from_base64(&key.to_base64()).as_ref(), Ok(key));
    }
    let origin = Origin::parse(&format!("{scheme}://{}", asked.server())).unwrap();
    let published = serde_json::to_vec(&UserDocumentBody::new(document, &origin)).unwrap();
    // Publishing adds members, so a document just below the limit may pass it.
    if published.len() <= MAX_BYTES {
        assert_eq!(read(&published, asked, origin.is_https()).as_ref(), Ok(document));
    }
}

fn claimed_handle(data: &[u8]) -> Option<Handle> {
    let document: serde_json::Value = serde_json::from_slice(data).ok()?;
    Handle::parse(document.get("handle")?.as_str()?).ok()
}
