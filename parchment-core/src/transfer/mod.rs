//! From the old device to the new: the seed, sealed for one screen and released by a code that a person types
//! (protocol section 11).
//!
//! 1. The new device draws a one-time key, gets a session from the server, and shows both as a QR code
//!    ([`Receiver`], [`Invitation`]).
//! 2. The old device scans it, seals the seed, signs the two one-time keys and the session, uploads the [`Payload`],
//!    and shows six digits ([`Invitation::answer`], [`TransferCode`]).
//! 3. The new device fetches the payload once and checks the signature ([`Receiver::receive`]). It shows no digits of
//!    its own: the person reads them from the old device and types them in. Only the right ones open the payload;
//!    after three wrong ones it is gone ([`AwaitingCode::try_code`]).
//!
//! Typing, unlike a look and a tap, cannot be done without looking: a device that was sent another payload than the
//! old one made has other digits, and does not know which ones to ask for.
//!
//! | What | Value |
//! |---|---|
//! | QR text | `{"v":1,"sessionId":…,"receiverPub":…}` |
//! | code | HKDF-SHA-256 of the smaller key, the larger key and the session id, info `parchment-device-sas-v1`, 4 bytes as a big-endian number, modulo 10^6, six digits |
//! | key | [`TransferKey`](crate::derive::TransferKey) of both one-time keys |
//! | plaintext | the base64 text of the seed |
//! | bound to | session id, `device-transfer`, `{receiver's key}\|{sender's key}` in base64, `parchment-device-transfer-v1` |
//! | signed text | `{"type":"device-transfer","receiverEphemeralPub":…,"senderEphemeralPub":…,"sessionId":…}` |
//!
//! The signature does not cover the sealed seed, so the seed must turn out to be that of the identity that signed.
//!
//! ```
//! use parchment_core::{
//!     derive::MasterSeed, keys::EphemeralSecret, seal::SealNonce,
//!     transfer::{Attempt, Invitation, Receiver, SessionId, TransferCode},
//! };
//!
//! // The new device; the session id comes from the server, the secret from a cryptographic random generator.
//! let session = SessionId::parse("Zx81QpLmN0aBcDeFgHiJkLmN")?;
//! let receiver = Receiver::new(session, EphemeralSecret::from_bytes(&[1; 32]));
//! let qr = receiver.invitation().to_text();
//!
//! // The old device.
//! let seed = MasterSeed::from_bytes(&[7; 32]);
//! let (once, nonce) = (EphemeralSecret::from_bytes(&[2; 32]), SealNonce::from_bytes([3; 12]));
//! let answer = Invitation::read(&qr)?.answer(&seed, once, nonce)?;
//! let shown = answer.code.to_string();
//!
//! // The new device again, with the identity that the user's server publishes.
//! let identity = seed.signing_key().verifying_key();
//! let waiting = receiver.receive(answer.payload, &identity)?;
//! match waiting.try_code(&TransferCode::parse(&shown)?) {
//!     Attempt::Opened(received) => assert_eq!(received, seed),
//!     Attempt::Wrong(_again) => unreachable!("ask once more"),
//!     Attempt::Discarded(reason) => unreachable!("start over: {reason}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code;
mod payload;
mod receiver;
mod sender;
mod session;

pub use code::TransferCode;
pub use payload::Payload;
pub use receiver::{Attempt, AwaitingCode, MAX_TRIES, Receiver};
pub use sender::Answer;
pub use session::{Invitation, SessionId};

use crate::{
    encoding::Base64Error,
    seal::{OpenError, SealError, ShapeError},
};

/// Why a transfer does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A session id is ASCII; the server that gave this one is at fault.
    #[error("The id of the transfer has characters outside ASCII. Start the transfer again.")]
    SessionId,
    /// What was scanned is no invitation of version 1.
    #[error("This is not the QR code of a device that waits for a transfer.")]
    NotAnInvitation,
    /// What was typed is not six digits. It does not count as a try.
    #[error("The code is the six digits that the old device shows.")]
    NotACode,
    /// A key or signature of the payload is not strict base64 of its length (rule 17.4).
    #[error("The transfer cannot be read: {0}.")]
    Encoding(Base64Error),
    /// The sealed seed is no envelope.
    #[error("The transfer cannot be read. {0}")]
    Shape(ShapeError),
    /// The signature is not the user's over these keys and this session: somebody else answered, or answered another.
    #[error("The transfer was not signed by this identity for this device. Do not go on.")]
    NotSigned,
    /// A one-time key of small order; whoever made it is at fault.
    #[error("The other device's key cannot be used. Do not go on.")]
    SmallOrder,
    /// Too many wrong codes: the payload was discarded.
    #[error("The code was wrong three times. Start the transfer again.")]
    TooManyTries,
    /// The sealed seed cannot be made; the caller is at fault.
    #[error(transparent)]
    Seal(SealError),
    /// The sealed seed does not open: it was changed on its way.
    #[error("The transfer was changed on its way: {0}")]
    Unusable(OpenError),
    /// What was sealed is no seed; the old device is at fault.
    #[error("What was transferred is no seed. The client on the old device is at fault.")]
    NotASeed,
    /// The seed is that of another identity than signed.
    #[error("What was transferred is the seed of another identity. Do not go on.")]
    OtherIdentity,
}
