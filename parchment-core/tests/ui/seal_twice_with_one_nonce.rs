//! A nonce seals once.

use parchment_core::{derive::MasterSeed, seal::{self, PersonalBlob, SealNonce}};

fn main() {
    let key = MasterSeed::from_bytes(&[1; 32]).personal_key();
    let place = PersonalBlob { user_id: "u", blob_type: "b" };
    let nonce = SealNonce::from_bytes([1; 12]);
    let _ = seal::seal(&place, &key, b"one", nonce);
    let _ = seal::seal(&place, &key, b"two", nonce);
}
