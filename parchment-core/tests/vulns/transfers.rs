//! Statement 29, as far as the devices see to it: the code is typed, three tries, and nobody slips in.

use parchment_core::{
    derive::MasterSeed,
    keys::EphemeralSecret,
    seal::SealNonce,
    transfer::{
        Answer, Attempt, AwaitingCode, Invitation, MAX_TRIES, Payload, Receiver, SessionId, TransferCode, TransferError,
    },
};

fn seed() -> MasterSeed {
    MasterSeed::from_bytes(&[7; 32])
}

fn receiver() -> Receiver {
    Receiver::new(
        SessionId::parse("session-1").unwrap(),
        EphemeralSecret::from_bytes(&[1; 32]),
    )
}

fn answer(invitation: &Invitation, seed: &MasterSeed) -> Answer {
    let (once, nonce) = (EphemeralSecret::from_bytes(&[2; 32]), SealNonce::from_bytes([3; 12]));
    invitation.answer(seed, once, nonce).unwrap()
}

/// A new device that has the payload, and the code that the old one shows.
fn waiting() -> (AwaitingCode, TransferCode) {
    let receiver = receiver();
    let answer = answer(receiver.invitation(), &seed());
    let waiting = receiver.receive(answer.payload, &seed().signing_key().verifying_key());
    (waiting.unwrap(), answer.code)
}

fn wrong(code: &TransferCode) -> TransferCode {
    let digits: u32 = code.to_string().parse().unwrap();
    TransferCode::parse(&format!("{:06}", (digits + 1) % 1_000_000)).unwrap()
}

fn again(attempt: Attempt) -> AwaitingCode {
    match attempt {
        Attempt::Wrong(again) => *again,
        other => panic!("there should be tries left: {other:?}"),
    }
}

#[test]
fn s29_the_code_of_the_old_device_opens_the_payload() {
    let (waiting, code) = waiting();
    assert!(matches!(waiting.try_code(&code), Attempt::Opened(received) if received == seed()));
}

#[test]
fn s29_a_wrong_code_can_be_tried_three_times_and_then_the_payload_is_gone() {
    let (waiting, code) = waiting();
    assert_eq!(waiting.tries_left(), MAX_TRIES);
    let waiting = again(waiting.try_code(&wrong(&code)));
    assert_eq!(waiting.tries_left(), 2);
    let waiting = again(waiting.try_code(&wrong(&code)));
    assert_eq!(waiting.tries_left(), 1);
    assert!(matches!(
        waiting.try_code(&wrong(&code)),
        Attempt::Discarded(TransferError::TooManyTries)
    ));
}

#[test]
fn s29_the_right_code_opens_at_the_last_try() {
    let (waiting, code) = waiting();
    let waiting = again(again(waiting.try_code(&wrong(&code))).try_code(&wrong(&code)));
    assert!(matches!(waiting.try_code(&code), Attempt::Opened(_)));
}

#[test]
fn s29_a_payload_that_is_not_the_old_devices_has_another_code() {
    // A server that publishes an identity of its own and answers in the old device's place.
    let (receiver, intruder) = (receiver(), MasterSeed::from_bytes(&[8; 32]));
    let shown = answer(receiver.invitation(), &seed()).code;
    let (once, nonce) = (EphemeralSecret::from_bytes(&[4; 32]), SealNonce::from_bytes([3; 12]));
    let forged = receiver.invitation().answer(&intruder, once, nonce).unwrap();
    let waiting = receiver
        .receive(forged.payload, &intruder.signing_key().verifying_key())
        .unwrap();
    assert_eq!(again(waiting.try_code(&shown)).tries_left(), 2);
}

#[test]
fn s29_an_answer_to_another_device_session_or_identity_is_refused() {
    let identity = seed().signing_key().verifying_key();
    let elsewhere = |session: &str, secret: u8| {
        let session = SessionId::parse(session).unwrap();
        Invitation::new(session, EphemeralSecret::from_bytes(&[secret; 32]).ephemeral_key())
    };
    for invitation in [elsewhere("session-2", 1), elsewhere("session-1", 5)] {
        let answer = answer(&invitation, &seed());
        assert_eq!(
            receiver().receive(answer.payload, &identity).err(),
            Some(TransferError::NotSigned)
        );
    }
    let stranger = answer(receiver().invitation(), &MasterSeed::from_bytes(&[8; 32]));
    assert_eq!(
        receiver().receive(stranger.payload, &identity).err(),
        Some(TransferError::NotSigned)
    );
}

#[test]
fn s29_another_seed_under_the_users_signature_is_refused() {
    // The signature covers both keys and the session, and not what is sealed: whoever has the key could exchange it.
    let (once, nonce) = (EphemeralSecret::from_bytes(&[2; 32]), SealNonce::from_bytes([3; 12]));
    let other = MasterSeed::from_bytes(&[8; 32]);
    let receiver = receiver();
    let answer = receiver
        .invitation()
        .answer_signed_by(&seed().signing_key(), &other, once, nonce)
        .unwrap();
    let waiting = receiver
        .receive(answer.payload, &seed().signing_key().verifying_key())
        .unwrap();
    assert!(matches!(
        waiting.try_code(&answer.code),
        Attempt::Discarded(TransferError::OtherIdentity)
    ));
}

#[test]
fn s29_a_sealed_seed_that_was_changed_opens_for_no_code() {
    let receiver = receiver();
    let answer = answer(receiver.invitation(), &seed());
    let mut sealed = answer.payload.sealed_seed().as_bytes().to_vec();
    sealed[20] ^= 1;
    let payload = Payload::from_base64(
        &answer.payload.sender().to_base64(),
        &parchment_core::encoding::encode(&sealed),
        &answer.payload.signature().to_base64(),
    );
    let waiting = receiver
        .receive(payload.unwrap(), &seed().signing_key().verifying_key())
        .unwrap();
    assert!(matches!(
        waiting.try_code(&answer.code),
        Attempt::Discarded(TransferError::Unusable(_))
    ));
}
