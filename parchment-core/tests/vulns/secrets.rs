//! Statements 50 to 52: secrets are not printed, are compared without saying where they differ, and are wiped.

use std::fmt::Debug;

use parchment_core::{
    derive::{
        AtRestKey, CanvasKey, CollectionId, CollectionKey, EciesKey, KeyVersion, MasterSeed, MetadataKey, PersonalKey,
        PrfWrapKey, RouteBodyKey, RouteKey, SeedWrapKey, ShareContext, StaticShareKey, TransferKey,
    },
    keys::{AgreementSecret, EphemeralSecret, SharedSecret, SigningKey},
    prf::PrfOutput,
    seal::{self, PersonalBlob, Plaintext, RawKey, SealNonce},
    seed_wrap::DeviceSecret,
    transfer::{Attempt, AwaitingCode, Receiver, SessionId, TransferCode},
};
use zeroize::ZeroizeOnDrop;

const BYTES: [u8; 32] = [0x5a; 32];

fn seed() -> MasterSeed {
    MasterSeed::from_bytes(&BYTES)
}

fn shared() -> SharedSecret {
    SharedSecret::from_bytes(&BYTES).unwrap()
}

fn collection() -> CollectionKey {
    seed().collection_key(&CollectionId::existing("c"), KeyVersion::FIRST)
}

fn waiting() -> AwaitingCode {
    let receiver = Receiver::new(SessionId::parse("s").unwrap(), EphemeralSecret::from_bytes(&BYTES));
    let (once, nonce) = (EphemeralSecret::from_bytes(&[1; 32]), SealNonce::from_bytes([2; 12]));
    let answer = receiver.invitation().answer(&seed(), once, nonce).unwrap();
    receiver
        .receive(answer.payload, &seed().signing_key().verifying_key())
        .unwrap()
}

fn plaintext() -> Plaintext {
    let (place, key) = (
        PersonalBlob {
            user_id: "u",
            blob_type: "b",
        },
        seed().personal_key(),
    );
    let sealed = seal::seal(&place, &key, b"diary", SealNonce::from_bytes([2; 12])).unwrap();
    seal::open(&place, &key, &sealed).unwrap()
}

/// Every secret of the crate, with the whole of what `Debug` says about it.
fn printed() -> Vec<(String, &'static str)> {
    let says = |secret: &dyn Debug| format!("{secret:?}");
    let receiver = Receiver::new(SessionId::parse("s").unwrap(), EphemeralSecret::from_bytes(&BYTES));
    let public = receiver.invitation().receiver().to_base64();
    let says_receiver = says(&receiver).replace(&public, "public");
    vec![
        (says(&seed()), "MasterSeed(secret)"),
        (says(&SigningKey::from_seed(&BYTES)), "SigningKey(secret)"),
        (says(&seed().encryption_secret()), "AgreementSecret(secret)"),
        (says(&EphemeralSecret::from_bytes(&BYTES)), "EphemeralSecret(secret)"),
        (says(&shared()), "SharedSecret(secret)"),
        (says(&seed().personal_key()), "PersonalKey(secret)"),
        (says(&seed().metadata_key()), "MetadataKey(secret)"),
        (says(&collection()), "CollectionKey(secret)"),
        (says(&seed().canvas_key("c")), "CanvasKey(secret)"),
        (says(&seed().route_key("r")), "RouteKey(secret)"),
        (says(&seed().route_body_key("r")), "RouteBodyKey(secret)"),
        (
            says(&StaticShareKey::derive(&shared(), &ShareContext::DEFAULT)),
            "StaticShareKey(secret)",
        ),
        (says(&EciesKey::derive(&shared())), "EciesKey(secret)"),
        (says(&TransferKey::derive(&shared())), "TransferKey(secret)"),
        (says(&PrfOutput::from_bytes(&BYTES)), "PrfOutput(secret)"),
        (
            says(&PrfOutput::from_bytes(&BYTES).wrap_key().unwrap()),
            "PrfWrapKey(secret)",
        ),
        (says(&DeviceSecret::from_bytes(&BYTES)), "DeviceSecret(secret)"),
        (
            says(&DeviceSecret::from_bytes(&BYTES).wrap_key()),
            "SeedWrapKey(secret)",
        ),
        (says(&AtRestKey::derive(&BYTES)), "AtRestKey(secret)"),
        (says(&RawKey::from_bytes(&BYTES)), "RawKey(secret)"),
        (says(&plaintext()), "Plaintext(secret)"),
        (says(&TransferCode::parse("123456").unwrap()), "TransferCode(secret)"),
        (says(&waiting()), "AwaitingCode(secret)"),
        (
            says_receiver,
            "Receiver { secret: EphemeralSecret(secret), invitation: Invitation { session: SessionId(\"s\"), \
             receiver: EphemeralKey(public) } }",
        ),
        (says(&Attempt::Opened(seed())), "Opened(MasterSeed(secret))"),
        (
            says(&Attempt::Wrong(Box::new(waiting()))),
            "Wrong(AwaitingCode(secret))",
        ),
    ]
}

#[test]
fn s50_no_secret_prints_anything_but_its_name() {
    for (printed, expected) in printed() {
        assert_eq!(printed, expected);
    }
}

#[test]
fn s50_no_error_holds_what_was_typed_or_opened() {
    let wrong = ["S3CR3T S3CR3T", "S3CR3TAAAA=="];
    for text in wrong {
        for error in [
            format!("{0} {0:?}", MasterSeed::from_recovery_key(text).unwrap_err()),
            format!("{0} {0:?}", TransferCode::parse(text).unwrap_err()),
            format!("{0} {0:?}", PrfOutput::from_text(&format!("{text}!")).unwrap_err()),
        ] {
            assert!(!error.contains("S3CR3T"), "{error}");
        }
    }
}

#[test]
fn s51_secrets_that_differ_in_any_byte_are_different() {
    // They are compared with `subtle`, which looks at every byte; here, that none is left out.
    for at in 0..32 {
        let mut other = BYTES;
        other[at] ^= 1;
        assert_ne!(MasterSeed::from_bytes(&other), seed(), "byte {at}");
        assert_ne!(RawKey::from_bytes(&other), RawKey::from_bytes(&BYTES), "byte {at}");
    }
    assert_eq!(MasterSeed::from_bytes(&BYTES), seed());
}

/// Compiles for types that are wiped when they are dropped.
fn is_wiped<T: ZeroizeOnDrop>() {}

#[test]
fn s52_every_secret_is_wiped_when_it_is_dropped() {
    is_wiped::<MasterSeed>();
    is_wiped::<AgreementSecret>();
    is_wiped::<EphemeralSecret>();
    is_wiped::<SharedSecret>();
    is_wiped::<PersonalKey>();
    is_wiped::<MetadataKey>();
    is_wiped::<CollectionKey>();
    is_wiped::<CanvasKey>();
    is_wiped::<RouteKey>();
    is_wiped::<RouteBodyKey>();
    is_wiped::<StaticShareKey>();
    is_wiped::<EciesKey>();
    is_wiped::<TransferKey>();
    is_wiped::<PrfOutput>();
    is_wiped::<PrfWrapKey>();
    is_wiped::<DeviceSecret>();
    is_wiped::<SeedWrapKey>();
    is_wiped::<AtRestKey>();
    is_wiped::<RawKey>();
    is_wiped::<Plaintext>();
    is_wiped::<AwaitingCode>();
    // What a person is shown is a text that is wiped, too.
    let _: zeroize::Zeroizing<String> = seed().to_recovery_key();
}
