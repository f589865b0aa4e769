//! Ciphertext and nonce of a share in the static form, on two lines.

use parchment_core::{
    derive::ShareContext,
    encoding,
    keys::{AgreementKey, AgreementSecret},
    seal::SealNonce,
    share::StaticShare,
};

/// The keys of the two friends that the seeds are about.
const SENDER: &str = "G18A3WA9dVGB1jVXXFGRXNTegReJzbPzfzLzjUKCzQc=";
const RECIPIENT: &str = "ah9pUWIi1Vx5cNOl9szbxXBmMMBsDEkUmElyN6nCWA8=";

/// A share has one spelling; what opens under a context is what sealing gives, and opens under no other.
pub fn check(data: &[u8]) -> bool {
    let lines = std::str::from_utf8(data).ok().and_then(|text| text.split_once('\n'));
    let Some((ciphertext, nonce)) = lines else {
        return false;
    };
    let Ok(share) = StaticShare::from_base64(ciphertext, nonce) else {
        return false;
    };
    assert_eq!(share.ciphertext_base64(), ciphertext);
    assert_eq!(share.nonce_base64(), nonce);
    let own = AgreementSecret::from_bytes(&encoding::decode_array(RECIPIENT).unwrap());
    let friend = AgreementKey::from_base64(SENDER).unwrap();
    let contexts = [
        ShareContext::DEFAULT,
        ShareContext::COLLECTION,
        ShareContext::LOCATION,
        ShareContext::other("parchment-collection-key-wrap:col1").unwrap(),
    ];
    let mut count = 0;
    for context in contexts {
        let key = StaticShare::key(&own, &friend, &context).unwrap();
        let Ok(opened) = share.open(&key) else {
            continue;
        };
        let nonce = SealNonce::from_bytes(encoding::decode_array(nonce).unwrap());
        assert_eq!(StaticShare::seal(&key, opened.as_bytes(), nonce).as_ref(), Ok(&share));
        count += 1;
    }
    assert!(count <= 1, "one share opens under two contexts");
    count == 1
}
