//! What a new device is given: a QR text (which it shows, and the old device scans) and the three texts of a payload,
//! on four lines.

use parchment_core::{
    derive::MasterSeed,
    encoding,
    keys::{EphemeralSecret, VerifyingKey},
    seal::SealNonce,
    transfer::{Attempt, Invitation, Payload, Receiver, SessionId, TransferCode},
};

/// The device and the identity that the seeds are for.
const SECRET: &str = "VJNofR8RBJEy0waBskFDJy6VL5PqobMsJL+guCCheJU=";
const SESSION: &str = "Zx81QpLmN0aBcDeFgHiJkLmN";
const IDENTITY: &str = "w/TftHgrzwiXglCCfu/3O31sv112fK3uz7neq0z981Y=";

/// Invitations are read as they are written and can be answered; a payload gives the seed of its signer or none.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let mut lines = text.split('\n');
    let scanned = lines.next().unwrap_or_default();
    if let Ok(invitation) = Invitation::read(scanned) {
        check_invitation(&invitation);
    }
    let (Some(sender), Some(sealed), Some(signature)) = (lines.next(), lines.next(), lines.next()) else {
        return false;
    };
    let Ok(payload) = Payload::from_base64(sender, sealed, signature) else {
        return false;
    };
    assert_eq!(payload.sender().to_base64(), sender);
    assert_eq!(payload.sealed_seed().to_base64(), sealed);
    assert_eq!(payload.signature().to_base64(), signature);

    let (session, identity) = (
        SessionId::parse(SESSION).unwrap(),
        VerifyingKey::from_base64(IDENTITY).unwrap(),
    );
    let secret = EphemeralSecret::from_bytes(&encoding::decode_array(SECRET).unwrap());
    let receiver = Receiver::new(session.clone(), secret);
    let code = TransferCode::of(receiver.invitation().receiver(), payload.sender(), &session);
    let Ok(waiting) = receiver.receive(payload, &identity) else {
        return false;
    };
    match waiting.try_code(&code) {
        Attempt::Opened(seed) => {
            assert!(seed.is_of(&identity));
            true
        }
        Attempt::Discarded(_) => false,
        Attempt::Wrong(_) => panic!("the code is right"),
    }
}

fn check_invitation(invitation: &Invitation) {
    assert_eq!(Invitation::read(&invitation.to_text()).as_ref(), Ok(invitation));
    let seed = MasterSeed::from_bytes(&[1; 32]);
    let (once, nonce) = (EphemeralSecret::from_bytes(&[2; 32]), SealNonce::from_bytes([3; 12]));
    // A key of small order cannot be answered; everything else can.
    let _ = invitation.answer(&seed, once, nonce);
}
