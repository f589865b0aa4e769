//! Statement 27: a slot in the place of another is found out.

use parchment_core::{
    derive::{MasterSeed, PrfWrapKey},
    encoding,
    keys::VerifyingKey,
    prf::PrfOutput,
    seal::SealNonce,
    slot::{Slot, SlotError, SlotPlace},
};

const PLACE: SlotPlace<'static> = SlotPlace {
    user_id: "alice",
    credential_id: "phone",
};

fn passkey(fill: u8) -> PrfWrapKey {
    PrfOutput::from_bytes(&[fill; 32]).wrap_key().unwrap()
}

fn seed(fill: u8) -> MasterSeed {
    MasterSeed::from_bytes(&[fill; 32])
}

fn identity(fill: u8) -> VerifyingKey {
    seed(fill).signing_key().verifying_key()
}

fn wrap(seed: &MasterSeed, place: SlotPlace<'_>) -> Slot {
    Slot::wrap(seed, &passkey(9), place, SealNonce::from_bytes([1; 12])).unwrap()
}

/// Everything a client does with a slot.
fn recover(slot: &Slot) -> Result<MasterSeed, SlotError> {
    slot.verify(PLACE, &identity(1))?.unwrap(&passkey(9))
}

#[test]
fn s27_the_users_own_slot_gives_her_seed() {
    assert_eq!(recover(&wrap(&seed(1), PLACE)), Ok(seed(1)));
}

#[test]
fn s27_a_slot_that_another_identity_signed_is_refused() {
    // The server knows everything about the slot but the user's identity key: it wraps a seed of its own.
    assert_eq!(recover(&wrap(&seed(2), PLACE)), Err(SlotError::NotSigned));
}

#[test]
fn s27_a_slot_for_another_passkey_or_user_is_refused() {
    let tablet = SlotPlace {
        credential_id: "tablet",
        ..PLACE
    };
    let mut slot = wrap(&seed(1), tablet);
    assert_eq!(recover(&slot), Err(SlotError::OtherCredential));
    slot.credential_id = "phone".to_owned();
    assert_eq!(recover(&slot), Err(SlotError::NotSigned));
    let bob = SlotPlace {
        user_id: "bob",
        ..PLACE
    };
    assert_eq!(recover(&wrap(&seed(1), bob)), Err(SlotError::NotSigned));
}

#[test]
fn s27_no_part_of_a_slot_can_be_exchanged() {
    let (own, older) = (wrap(&seed(1), PLACE), wrap(&seed(3), PLACE));
    let mut slot = own.clone();
    slot.wrapped_km.clone_from(&older.wrapped_km);
    assert_eq!(recover(&slot), Err(SlotError::NotSigned));
    let mut slot = own.clone();
    slot.wrap_algo = "none".to_owned();
    assert_eq!(recover(&slot), Err(SlotError::NotSigned));
    let mut slot = own.clone();
    slot.slot_signature.clone_from(&older.slot_signature);
    assert_eq!(recover(&slot), Err(SlotError::NotSigned));
    for text in ["", "AA==", " ", &own.slot_signature[1..]] {
        let mut slot = own.clone();
        slot.slot_signature = text.to_owned();
        assert!(matches!(recover(&slot), Err(SlotError::Signature(_))), "{text:?}");
    }
    // The same bytes in another spelling are another text, and the text is what was signed.
    let mut slot = own.clone();
    slot.wrapped_km.push('\n');
    assert_eq!(recover(&slot), Err(SlotError::NotSigned));
}

#[test]
fn s27_a_signed_slot_with_the_seed_of_somebody_else_is_refused() {
    // A client that signs what it did not make: the signature is in order, the seed is not the signer's.
    let nonce = SealNonce::from_bytes([1; 12]);
    let slot = Slot::wrap_signed_by(&seed(1).signing_key(), &seed(2), &passkey(9), PLACE, nonce).unwrap();
    assert_eq!(recover(&slot), Err(SlotError::OtherIdentity));
}

#[test]
fn s27_a_slot_wrapped_in_a_way_that_is_not_known_is_refused() {
    let mut slot = wrap(&seed(1), PLACE);
    slot.wrap_algo = "aes-256-gcm-prf-v2".to_owned();
    slot.slot_signature = seed(1).signing_key().sign(&slot.signed_text(PLACE.user_id)).to_base64();
    assert_eq!(recover(&slot), Err(SlotError::Algorithm));
    // And so is an envelope of an algorithm that is not the slot's.
    let mut slot = wrap(&seed(1), PLACE);
    let mut bytes = encoding::decode(&slot.wrapped_km).unwrap();
    bytes[1] = 2;
    slot.wrapped_km = encoding::encode(&bytes);
    slot.slot_signature = seed(1).signing_key().sign(&slot.signed_text(PLACE.user_id)).to_base64();
    assert!(matches!(recover(&slot), Err(SlotError::Unusable(_))));
}
