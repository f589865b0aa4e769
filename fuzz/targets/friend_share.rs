//! The base64 text of something that claims to be sealed and signed by a friend.

use parchment_core::{
    encoding,
    keys::{AgreementSecret, VerifyingKey},
    share::{Binding, FriendShare, MIN_BYTES},
};

/// Whose signature the seeds bear, and whose secret opens them.
const SENDER: &str = "w/TftHgrzwiXglCCfu/3O31sv112fK3uz7neq0z981Y=";
const RECIPIENT: &str = "ah9pUWIi1Vx5cNOl9szbxXBmMMBsDEkUmElyN6nCWA8=";

fn binding(recipient: &str) -> Binding<'_> {
    let relationship = "alice@a.example::bob@b.example";
    Binding::verbatim("alice@a.example", recipient, relationship, "2026-04-20T12:00:00.000Z")
}

/// A share has one spelling; what opens is signed to its last bit, and is for nobody else.
pub fn check(data: &[u8]) -> bool {
    let Some(share) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| FriendShare::from_base64(text).ok())
    else {
        return false;
    };
    assert_eq!(share.to_base64().as_bytes(), data);
    assert!(share.as_bytes().len() >= MIN_BYTES);
    let recipient = AgreementSecret::from_bytes(&encoding::decode_array(RECIPIENT).unwrap());
    let sender = VerifyingKey::from_base64(SENDER).unwrap();
    let opened = share.open(&binding("bob@b.example"), &recipient, &sender);
    if opened.is_err() {
        return false;
    }
    assert!(share.open(&binding("eve@b.example"), &recipient, &sender).is_err());
    for at in 0..share.as_bytes().len() {
        let mut changed = share.as_bytes().to_vec();
        changed[at] ^= 1;
        let changed = FriendShare::from_bytes(changed).unwrap();
        assert!(changed.open(&binding("bob@b.example"), &recipient, &sender).is_err());
    }
    true
}
