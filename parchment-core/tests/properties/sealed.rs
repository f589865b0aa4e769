//! What was sealed opens where it belongs, and nothing else does.

use parchment_core::{
    derive::{AtRestKey, MasterSeed, ShareContext},
    keys::EphemeralSecret,
    prf::PrfOutput,
    seal::{
        self, Aad, Algorithm, AtRest, Envelope, FieldTooLong, OpenError, Pair, PersonalBlob, RawKey, RawRecord,
        Record as _, SealNonce, inspect,
    },
    seed_wrap::{self, DeviceSecret},
    share::{Binding, FriendShare, ShareError, StaticShare},
    slot::{Slot, SlotPlace},
    transfer::{Attempt, Invitation, Receiver, SessionId},
};
use proptest::prelude::*;

use crate::cases;

const BOTH: &[Algorithm] = &[Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305];

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(BOTH)
}

/// Texts of one to three scalar values or none, whatever they are.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..4).prop_map(String::from_iter)
}

fn aad() -> impl Strategy<Value = [String; 4]> {
    [text(), text(), text(), text()]
}

fn record(texts: &[String; 4]) -> RawRecord<'_> {
    let [user_id, record_type, record_id, key_context] = texts.each_ref().map(|text| text.into());
    RawRecord(Aad {
        user_id,
        record_type,
        record_id,
        key_context,
    })
}

fn flipped(bytes: &[u8], bit: prop::sample::Index) -> Vec<u8> {
    let (mut bytes, bit) = (bytes.to_vec(), bit.index(bytes.len() * 8));
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

fn friends() -> (MasterSeed, MasterSeed) {
    (MasterSeed::from_bytes(&[1; 32]), MasterSeed::from_bytes(&[2; 32]))
}

fn shared(binding: &Binding<'_>, plaintext: &[u8], once: [u8; 32], nonce: [u8; 12]) -> FriendShare {
    let (alice, bob) = friends();
    let (once, nonce) = (EphemeralSecret::from_bytes(&once), SealNonce::from_bytes(nonce));
    let key = bob.encryption_secret().agreement_key();
    FriendShare::seal(plaintext, binding, &key, &alice.signing_key(), once, nonce).unwrap()
}

fn open_shared(binding: &Binding<'_>, share: &FriendShare) -> Result<Vec<u8>, ShareError> {
    let (alice, bob) = friends();
    let opened = share.open(binding, &bob.encryption_secret(), &alice.signing_key().verifying_key());
    opened.map(|opened| opened.as_bytes().to_vec())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_was_sealed_opens_in_its_place_and_in_no_other(
        algorithm in algorithm(),
        key in any::<[u8; 32]>(),
        nonce in any::<[u8; 12]>(),
        plaintext in prop::collection::vec(any::<u8>(), 0..100),
        place in aad(),
        elsewhere in aad(),
    ) {
        let key = RawKey::from_bytes(&key);
        let envelope =
            seal::seal_with(algorithm, &record(&place), &key, &plaintext, SealNonce::from_bytes(nonce)).unwrap();
        prop_assert_eq!(envelope.as_bytes().len(), seal::MIN_BYTES + plaintext.len());
        let read = Envelope::from_base64_accepting(&envelope.to_base64(), BOTH).unwrap();
        prop_assert_eq!(&read, &envelope);
        let opened = seal::open(&record(&place), &key, &read).unwrap();
        prop_assert_eq!(opened.as_bytes(), &plaintext);
        // One field at a time, and fields that trade places.
        let mut others = vec![elsewhere.clone()];
        for field in 0..4 {
            let mut other = place.clone();
            other[field].clone_from(&elsewhere[field]);
            others.push(other);
            let mut other = place.clone();
            other.swap(field, (field + 1) % 4);
            others.push(other);
            // A character that slips over into the next field.
            let mut other = place.clone();
            if let Some(last) = other[field].pop() {
                other[(field + 1) % 4].insert(0, last);
            }
            others.push(other);
        }
        for other in others {
            let opened = seal::open(&record(&other), &key, &read);
            prop_assert_eq!(opened.is_ok(), other == place, "{:?}", other);
        }
    }

    #[test]
    fn no_changed_bit_of_an_envelope_or_its_key_is_believed(
        algorithm in algorithm(),
        key in any::<[u8; 32]>(),
        plaintext in prop::collection::vec(any::<u8>(), 0..40),
        place in aad(),
        bit in any::<prop::sample::Index>(),
    ) {
        let (record, nonce) = (record(&place), SealNonce::from_bytes([1; 12]));
        let envelope = seal::seal_with(algorithm, &record, &RawKey::from_bytes(&key), &plaintext, nonce).unwrap();
        let changed = flipped(envelope.as_bytes(), bit);
        let believed = Envelope::from_bytes_accepting(changed, BOTH)
            .ok()
            .and_then(|changed| seal::open(&record, &RawKey::from_bytes(&key), &changed).ok());
        prop_assert!(believed.is_none());
        let other_key = flipped(&key, bit).try_into().unwrap();
        let opened = seal::open(&record, &RawKey::from_bytes(&other_key), &envelope);
        prop_assert_eq!(opened.err(), Some(OpenError::Unauthentic));
    }

    #[test]
    fn whatever_is_inspected_is_an_envelope_if_and_only_if_it_can_be_read(
        header in prop::collection::vec(0..4_u8, 0..3),
        rest in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let bytes = [header, rest].concat();
        let text = parchment_core::encoding::encode(&bytes);
        let inspection = inspect(&text);
        prop_assert_eq!(inspection.version, bytes.first().copied());
        let read = Envelope::from_base64(&text);
        prop_assert_eq!(inspection.shape, read.map(|envelope| envelope.algorithm()));
        let is_envelope = bytes.len() >= seal::MIN_BYTES && bytes.starts_with(&[2, 1]);
        prop_assert_eq!(inspection.shape.is_ok(), is_envelope);
        let overlong = inspect(&(text + "=="));
        prop_assert!(overlong.version.is_none());
    }

    #[test]
    fn a_pair_opens_with_its_key_and_unchanged(
        key in any::<[u8; 32]>(),
        nonce in any::<[u8; 12]>(),
        plaintext in prop::collection::vec(any::<u8>(), 0..40),
        bit in any::<prop::sample::Index>(),
    ) {
        let key = RawKey::from_bytes(&key);
        let pair = Pair::seal(&key, &plaintext, SealNonce::from_bytes(nonce)).unwrap();
        let (ciphertext, nonce) = (pair.ciphertext_base64(), pair.nonce_base64());
        let read = Pair::from_base64(&ciphertext, &nonce).unwrap();
        let opened = read.open(&key).unwrap();
        prop_assert_eq!(opened.as_bytes(), &plaintext);
        let change = |text: &str| {
            let bytes = parchment_core::encoding::decode(text).unwrap();
            parchment_core::encoding::encode(&flipped(&bytes, bit))
        };
        for changed in [Pair::from_base64(&change(&ciphertext), &nonce), Pair::from_base64(&ciphertext, &change(&nonce))] {
            prop_assert_eq!(changed.unwrap().open(&key).err(), Some(OpenError::Unauthentic));
        }
    }

    #[test]
    fn a_friend_share_opens_for_its_recipient_and_moment_and_unchanged(
        plaintext in prop::collection::vec(any::<u8>(), 0..60),
        once in any::<[u8; 32]>(),
        nonce in any::<[u8; 12]>(),
        texts in aad(),
        elsewhere in aad(),
        bit in any::<prop::sample::Index>(),
    ) {
        fn binding(texts: &[String; 4]) -> Binding<'_> {
            let [sender, recipient, relationship, timestamp] = texts;
            Binding::verbatim(sender, recipient, relationship, timestamp)
        }
        let place = binding(&texts);
        let share = shared(&place, &plaintext, once, nonce);
        let read = FriendShare::from_base64(&share.to_base64()).unwrap();
        prop_assert_eq!(open_shared(&place, &read), Ok(plaintext));
        let changed = FriendShare::from_bytes(flipped(share.as_bytes(), bit)).unwrap();
        prop_assert_eq!(open_shared(&place, &changed), Err(ShareError::NotSigned));
        let other = binding(&elsewhere);
        prop_assert_eq!(open_shared(&other, &read).is_ok(), other.aad() == place.aad());
        // Neither the sender herself nor a friend of the same name with other keys can open it.
        let (alice, bob) = friends();
        let signed_by = alice.signing_key().verifying_key();
        prop_assert!(read.open(&place, &alice.encryption_secret(), &signed_by).is_err());
        let not_hers = bob.signing_key().verifying_key();
        prop_assert_eq!(read.open(&place, &bob.encryption_secret(), &not_hers).err(), Some(ShareError::NotSigned));
    }

    #[test]
    fn both_friends_open_a_static_share_under_its_context_alone(
        plaintext in prop::collection::vec(any::<u8>(), 0..60),
        seeds in any::<([u8; 32], [u8; 32])>(),
        context in "[ -~]{0,20}",
    ) {
        let (one, other) = (MasterSeed::from_bytes(&seeds.0), MasterSeed::from_bytes(&seeds.1));
        let (one, other) = (one.encryption_secret(), other.encryption_secret());
        let context = ShareContext::other(&context).unwrap();
        let key = StaticShare::key(&one, &other.agreement_key(), &context).unwrap();
        let share = StaticShare::seal(&key, &plaintext, SealNonce::from_bytes([1; 12])).unwrap();
        let same = StaticShare::key(&other, &one.agreement_key(), &context).unwrap();
        let opened = share.open(&same).unwrap();
        prop_assert_eq!(opened.as_bytes(), &plaintext);
        let elsewhere = StaticShare::key(&other, &one.agreement_key(), &ShareContext::DEFAULT).unwrap();
        prop_assert!(share.open(&elsewhere).is_err());
    }

    #[test]
    fn a_seed_comes_back_from_slot_transfer_device_and_paper(
        seed in any::<[u8; 32]>(),
        output in prop::collection::vec(any::<u8>(), 16..80),
        ids in (text(), text(), "[ -~]{0,20}"),
        secrets in any::<([u8; 32], [u8; 32])>(),
    ) {
        let nonce = || SealNonce::from_bytes([1; 12]);
        let seed = MasterSeed::from_bytes(&seed);
        let identity = seed.signing_key().verifying_key();
        prop_assert_eq!(&MasterSeed::from_recovery_key(&seed.to_recovery_key()).unwrap(), &seed);

        let (place, key) = (
            SlotPlace { user_id: &ids.0, credential_id: &ids.1 },
            PrfOutput::from_bytes(&output).wrap_key().unwrap(),
        );
        let slot = Slot::wrap(&seed, &key, place, nonce()).unwrap();
        prop_assert_eq!(&slot.verify(place, &identity).unwrap().unwrap(&key).unwrap(), &seed);

        let key = DeviceSecret::from_bytes(&output).wrap_key();
        let stored = seed_wrap::seal(&seed, &ids.0, &key, nonce()).unwrap().to_base64();
        prop_assert_eq!(&seed_wrap::open(&stored, &ids.0, &key).unwrap(), &seed);

        let receiver = Receiver::new(SessionId::parse(&ids.2).unwrap(), EphemeralSecret::from_bytes(&secrets.0));
        let invitation = Invitation::read(&receiver.invitation().to_text()).unwrap();
        let answer = invitation.answer(&seed, EphemeralSecret::from_bytes(&secrets.1), nonce()).unwrap();
        let waiting = receiver.receive(answer.payload, &identity).unwrap();
        let attempt = waiting.try_code(&answer.code);
        prop_assert!(matches!(attempt, Attempt::Opened(received) if received == seed));
    }
}

#[test]
fn what_a_server_keeps_is_sealed_by_the_other_algorithm_and_read_as_such_alone() {
    let (key, place) = (
        AtRestKey::derive(&[7; 32]),
        AtRest {
            owner: "u",
            table: "integrations.config",
            row: "1",
        },
    );
    let sealed = seal::seal(&place, &key, b"{}", SealNonce::from_bytes([1; 12])).unwrap();
    assert_eq!(sealed.algorithm(), Algorithm::ChaCha20Poly1305);
    assert!(
        Envelope::from_base64(&sealed.to_base64()).is_err(),
        "it is not for the wire"
    );
    let stored = Envelope::from_bytes_accepting(sealed.as_bytes().to_vec(), &[Algorithm::ChaCha20Poly1305]);
    assert_eq!(seal::open(&place, &key, &stored.unwrap()).unwrap().as_bytes(), b"{}");
    // The same key and place under the other algorithm: the header is not authenticated, the tag is.
    let mut bytes = sealed.as_bytes().to_vec();
    bytes[1] = Algorithm::Aes256Gcm.byte();
    assert!(seal::open(&place, &key, &Envelope::from_bytes(bytes).unwrap()).is_err());
}

#[test]
fn a_field_of_65535_bytes_is_bound_and_one_byte_more_is_refused() {
    let key = MasterSeed::from_bytes(&[7; 32]).personal_key();
    let (fits, too_long) = ("u".repeat(65_535), "é".repeat(32_768));
    let place = |user_id| PersonalBlob {
        user_id,
        blob_type: "b",
    };
    let nonce = || SealNonce::from_bytes([1; 12]);
    let sealed = seal::seal(&place(&fits), &key, b"", nonce()).unwrap();
    assert!(seal::open(&place(&fits), &key, &sealed).is_ok());
    assert_eq!(
        seal::seal(&place(&too_long), &key, b"", nonce()),
        Err(FieldTooLong { field: "user id" }.into())
    );
    assert_eq!(
        seal::open(&place(&too_long), &key, &sealed).err(),
        Some(FieldTooLong { field: "user id" }.into())
    );
    assert_eq!(
        place(&too_long).aad(&key).encode(),
        Err(FieldTooLong { field: "user id" })
    );
}
