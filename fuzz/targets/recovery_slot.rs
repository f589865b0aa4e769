//! A recovery slot as a server gives it: credential, wrapped seed, algorithm and signature on four lines.

use parchment_core::{
    encoding,
    keys::VerifyingKey,
    prf::PrfOutput,
    slot::{Slot, SlotPlace},
};

/// Whose slot the seeds are, and what her passkey gives.
const IDENTITY: &str = "w/TftHgrzwiXglCCfu/3O31sv112fK3uz7neq0z981Y=";
const OUTPUT: &str = "aAgcuo73u7OA78wvYiji0C1o5dWuQHmblwW5ECUVONY=";

/// Nothing but a slot that the user signed gives a seed, and only her own.
pub fn check(data: &[u8]) -> bool {
    let Some(slot) = std::str::from_utf8(data).ok().and_then(read) else {
        return false;
    };
    let identity = VerifyingKey::from_base64(IDENTITY).unwrap();
    let place = SlotPlace {
        user_id: "user-1",
        credential_id: &slot.credential_id,
    };
    let key = PrfOutput::from_bytes(&encoding::decode(OUTPUT).unwrap())
        .wrap_key()
        .unwrap();
    // Whatever comes out of an unverified slot, nothing panics.
    let unverified = slot.danger_unwrap_unverified(place.user_id, &key);
    let Ok(verified) = slot.verify(place, &identity) else {
        return false;
    };
    let Ok(seed) = verified.unwrap(&key) else {
        return false;
    };
    assert!(seed.is_of(&identity));
    assert_eq!(unverified, Ok(seed));
    let elsewhere = SlotPlace {
        user_id: "user-2",
        ..place
    };
    assert!(slot.verify(elsewhere, &identity).is_err());
    true
}

fn read(text: &str) -> Option<Slot> {
    let mut lines = text.split('\n').map(str::to_owned);
    Some(Slot {
        credential_id: lines.next()?,
        wrapped_km: lines.next()?,
        wrap_algo: lines.next()?,
        slot_signature: lines.next()?,
    })
}
