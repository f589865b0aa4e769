//! A personal blob is sealed under the key of personal blobs and no other.

use parchment_core::{derive::MasterSeed, seal::{self, PersonalBlob, SealNonce}};

fn main() {
    let seed = MasterSeed::from_bytes(&[1; 32]);
    let place = PersonalBlob { user_id: "u", blob_type: "b" };
    let _ = seal::seal(&place, &seed.metadata_key(), b"", SealNonce::from_bytes([1; 12]));
}
