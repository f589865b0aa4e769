//! Statement 7 for keys and sealed records: what is for one purpose is worth nothing for another.

use parchment_core::{
    derive::{AtRestKey, CollectionId, EciesKey, KeyVersion, MasterSeed, ShareContext, StaticShareKey, TransferKey},
    keys::{SharedSecret, SigningKey, VerifyingKey},
    prf::PrfOutput,
    seal::{
        self, Aad, AtRest, CanvasMetadata, CollectionMetadata, EncryptedPoint, OpenError, PersonalBlob, RawKey,
        RawRecord, Record, RouteBody, RouteMetadata, SealNonce, UserMetadata,
    },
    seed_wrap::DeviceSecret,
    share::Binding,
};
use proptest::prelude::*;

use crate::cases;

/// Every key there is, all from the same 32 bytes: the worst case.
///
/// The seed of the signing key is not given out, so every key stands here as the identity it would be the seed of.
fn keys() -> Vec<(&'static str, VerifyingKey)> {
    let material = [5; 32];
    let (seed, shared) = (
        MasterSeed::from_bytes(&material),
        SharedSecret::from_bytes(&material).unwrap(),
    );
    let id = CollectionId::for_new("a").unwrap();
    let (first, second) = (KeyVersion::FIRST, KeyVersion::FIRST.next());
    let share = |context: ShareContext| *StaticShareKey::derive(&shared, &context).expose();
    let mut keys = vec![("signing", seed.signing_key().verifying_key())];
    for (name, bytes) in [
        ("the material itself", material),
        ("encryption", *seed.encryption_secret().expose()),
        ("personal", *seed.personal_key().expose()),
        ("metadata", *seed.metadata_key().expose()),
        ("collection", *seed.collection_key(&id, first).expose()),
        ("collection, version 2", *seed.collection_key(&id, second).expose()),
        ("canvas", *seed.canvas_key("a").expose()),
        ("route", *seed.route_key("a").expose()),
        ("route body", *seed.route_body_key("a").expose()),
        ("share", share(ShareContext::DEFAULT)),
        ("collection share", share(ShareContext::COLLECTION)),
        ("collection key", share(ShareContext::collection_key_wrap(&id))),
        ("old location", share(ShareContext::LOCATION)),
        ("friend share", *EciesKey::derive(&shared).expose()),
        ("transfer", *TransferKey::derive(&shared).expose()),
        ("slot", *PrfOutput::from_bytes(&material).wrap_key().unwrap().expose()),
        ("stored seed", *DeviceSecret::from_bytes(&material).wrap_key().expose()),
        ("at rest", *AtRestKey::derive(&material).expose()),
    ] {
        keys.push((name, SigningKey::from_seed(&bytes).verifying_key()));
    }
    keys
}

#[test]
fn s07_no_two_purposes_have_a_key_in_common() {
    let keys = keys();
    for (at, (one, key)) in keys.iter().enumerate() {
        for (other, other_key) in &keys[..at] {
            assert_ne!(key, other_key, "{one} and {other}");
        }
    }
}

/// The places of all kinds of record, with ids as alike as they can be.
fn places() -> Vec<(&'static str, Aad<'static>)> {
    let seed = MasterSeed::from_bytes(&[5; 32]);
    let id = CollectionId::for_new("x").unwrap();
    let user_id = "x";
    let collection = seed.collection_key(&id, KeyVersion::FIRST);
    let rotated = seed.collection_key(&id, KeyVersion::FIRST.next());
    let at_rest = AtRest {
        owner: "x",
        table: "x",
        row: "x",
    };
    let fixed = |record_type: &'static str, key_context: &'static str| Aad {
        user_id: "x".into(),
        record_type: record_type.into(),
        record_id: "x".into(),
        key_context: key_context.into(),
    };
    let binding = Binding::verbatim("x", "x", "x", "x");
    vec![
        (
            "blob",
            owned(
                PersonalBlob {
                    user_id,
                    blob_type: "x",
                }
                .aad(&seed.personal_key()),
            ),
        ),
        (
            "field",
            owned(UserMetadata { user_id, field: "x" }.aad(&seed.metadata_key())),
        ),
        ("collection", owned(CollectionMetadata { user_id }.aad(&collection))),
        (
            "collection, rotated",
            owned(CollectionMetadata { user_id }.aad(&rotated)),
        ),
        (
            "point",
            owned(EncryptedPoint { user_id, point_id: "x" }.aad(&collection)),
        ),
        ("canvas", owned(CanvasMetadata { user_id }.aad(&seed.canvas_key("x")))),
        ("route", owned(RouteMetadata { user_id }.aad(&seed.route_key("x")))),
        (
            "route body",
            owned(RouteBody { user_id }.aad(&seed.route_body_key("x"))),
        ),
        ("at rest", owned(at_rest.aad(&AtRestKey::derive(&[5; 32])))),
        ("slot", fixed("wrapped-master-key", "parchment-prf-wrap-v1")),
        ("transfer", fixed("device-transfer", "parchment-device-transfer-v1")),
        ("stored seed", fixed("seed-wrap", "parchment-seed-wrap-v1")),
        ("share", owned(binding.aad())),
    ]
}

fn owned(aad: Aad<'_>) -> Aad<'static> {
    Aad {
        user_id: aad.user_id.into_owned().into(),
        record_type: aad.record_type.into_owned().into(),
        record_id: aad.record_id.into_owned().into(),
        key_context: aad.key_context.into_owned().into(),
    }
}

#[test]
fn s07_what_is_sealed_as_one_kind_of_record_opens_as_no_other_even_under_one_key() {
    let key = RawKey::from_bytes(&[7; 32]);
    for (made, place) in places() {
        let sealed = seal::seal(&RawRecord(place), &key, b"x", SealNonce::from_bytes([1; 12])).unwrap();
        for (used, place) in places() {
            let opened = seal::open(&RawRecord(place), &key, &sealed);
            let expected = if made == used {
                Ok(())
            } else {
                Err(OpenError::Unauthentic)
            };
            assert_eq!(opened.map(drop), expected, "made as {made}, opened as {used}");
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn s07_new_collections_share_no_key_with_anything(
        one in "(a|b|-v|[0-9]|canvas:|route:|route-body:){1,6}",
        other in "(a|b|-v|[0-9]|canvas:|route:|route-body:){1,6}",
        versions in (1..12_u64, 1..12_u64),
    ) {
        let seed = MasterSeed::from_bytes(&[5; 32]);
        let (Ok(one), Ok(other_id)) = (CollectionId::for_new(&one), CollectionId::for_new(&other)) else {
            return Ok(());
        };
        let versions = (KeyVersion::new(versions.0).unwrap(), KeyVersion::new(versions.1).unwrap());
        let key = seed.collection_key(&one, versions.0);
        let other_key = seed.collection_key(&other_id, versions.1);
        let is_same = one == other_id && versions.0 == versions.1;
        prop_assert_eq!(key.expose() == other_key.expose(), is_same);
        for marked in [seed.canvas_key(&other).expose(), seed.route_key(&other).expose(), seed.route_body_key(&other).expose()] {
            prop_assert_ne!(key.expose(), marked);
        }
    }
}
