//! What the files about sealed things have in common.

use parchment_core::{
    derive::DeriveError,
    encoding::Base64Error,
    keys::{KeyError, Signature, SigningKey, VerifyingKey},
    seal::{self, Aad, Envelope, OpenError, PairError, Plaintext, RawKey, RawRecord, SealError, ShapeError},
};

use super::{
    base64, ed25519,
    reader::Case,
    verdict::{Finding, Ours, Reason},
};

/// What came of a part of a case that must hold, whatever upstream did.
pub(crate) fn must(holds: bool, what: &str) -> Finding {
    if holds {
        Finding::AsUpstream
    } else {
        Finding::Wrong(format!("this does not hold: {what}"))
    }
}

/// The four texts of associated data.
pub(crate) fn aad<'a>(case: Case<'a>) -> Ours<Aad<'a>> {
    Ok(Aad {
        user_id: case.input("userId")?.into(),
        record_type: case.input("recordType")?.into(),
        record_id: case.input("recordId")?.into(),
        key_context: case.input("keyContext")?.into(),
    })
}

/// An envelope in base64, as somebody wrote it.
pub(crate) fn envelope(case: &Case<'_>, name: &str) -> Ours<Envelope> {
    let text = case.input(name)?;
    Envelope::from_base64(text).map_err(|error| shape_reason(text, error))
}

pub(crate) fn shape_reason(text: &str, error: ShapeError) -> Reason {
    match error {
        ShapeError::Base64 => Reason::new(base64::is_other_spelling(text).then_some(4), error),
        error => Reason::new(None, error),
    }
}

/// The text of what was opened; rule 17.17 refuses what is not UTF-8.
pub(crate) fn text_of(opened: &Plaintext) -> Ours<String> {
    match opened.as_str() {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            assert!(std::str::from_utf8(opened.as_bytes()).is_err(), "this is text");
            Err(Reason::new(17, error))
        }
    }
}

/// A public key of an identity.
pub(crate) fn identity(case: &Case<'_>, name: &str) -> Ours<VerifyingKey> {
    Ok(VerifyingKey::from_bytes(&case.key(name)?)?)
}

pub(crate) fn signing_key(case: &Case<'_>, name: &str) -> Ours<SigningKey> {
    Ok(SigningKey::from_seed(&case.key(name)?))
}

/// Why a signature did not verify: by rule 17.3 where its R is one that strictness is about, else by none.
pub(crate) fn not_signed(signature: &[u8], why: impl std::fmt::Display) -> Reason {
    Reason::new((!ed25519::has_plain_r(signature)).then_some(3), why)
}

/// Whether what is sealed inside is base64 in another spelling: upstream reads a seed leniently, rule 17.4 does not.
pub(crate) fn holds_other_spelling(record: &RawRecord<'_>, key: &[u8; 32], envelope: &Envelope) -> bool {
    let opened = seal::open(record, &RawKey::from_bytes(key), envelope).expect("it was opened before");
    opened.as_str().is_ok_and(base64::is_other_spelling)
}

/// Reads a signature, by rule 17.4.
pub(crate) fn check_spelling(case: &Case<'_>, name: &str) -> Ours<()> {
    let text = case.input(name)?;
    match Signature::from_base64(text) {
        Err(error @ Base64Error::Malformed) => Err(base64::reason_for(text, error)),
        Err(error) => Err(Reason::new(None, error)),
        Ok(_) => Ok(()),
    }
}

impl From<SealError> for Reason {
    fn from(error: SealError) -> Self {
        Self::new(None, error)
    }
}

impl From<OpenError> for Reason {
    fn from(error: OpenError) -> Self {
        Self::new(None, error)
    }
}

impl From<PairError> for Reason {
    fn from(error: PairError) -> Self {
        let rule = match error {
            PairError::NonceLength { .. } => Some(17),
            // Which text it was, the caller has to say.
            _ => None,
        };
        Self::new(rule, error)
    }
}

impl From<DeriveError> for Reason {
    fn from(error: DeriveError) -> Self {
        let rule = match error {
            DeriveError::KeyVersion => Some(17),
            DeriveError::CollectionId | DeriveError::ShareContext => Some(13),
            _ => None,
        };
        Self::new(rule, error)
    }
}

/// Why a key to agree with was refused: rule 17.3 for one that is not reduced, none for small order.
pub(crate) fn agreement_reason(bytes: &[u8; 32], error: KeyError) -> Reason {
    let below_p = bytes[31] < 0x7f || bytes[31] == 0x7f && (bytes[1..31].iter().any(|b| *b != 0xff) || bytes[0] < 0xed);
    Reason::new((!below_p).then_some(3), error)
}
