//! The static form of sharing.

use crate::{
    derive::{ShareContext, StaticShareKey},
    keys::{AgreementKey, AgreementSecret, KeyError},
    seal::{OpenError, Pair, PairError, Plaintext, SealError, SealNonce},
};

/// Something sealed under the key that two friends always have in common: a [`Pair`] of ciphertext and nonce.
///
/// Nothing is bound but the [`ShareContext`], so a share can be put in the place of another of the same two friends,
/// and either of them could have made it. What carries it must be signed: a collection share travels in a message of
/// kind [`ResourceShare`](crate::envelope::Kind::ResourceShare).
///
/// ```
/// use parchment_core::{
///     derive::{MasterSeed, ShareContext}, seal::SealNonce, share::StaticShare,
/// };
///
/// let (alice, bob) = (MasterSeed::from_bytes(&[1; 32]), MasterSeed::from_bytes(&[2; 32]));
/// let (alices, bobs) = (alice.encryption_secret(), bob.encryption_secret());
/// let key = StaticShare::key(&alices, &bobs.agreement_key(), &ShareContext::COLLECTION)?;
/// // In earnest, the nonce comes from a cryptographic random generator.
/// let share = StaticShare::seal(&key, b"{\"collectionId\":\"c\"}", SealNonce::from_bytes([4; 12]))?;
///
/// let same = StaticShare::key(&bobs, &alices.agreement_key(), &ShareContext::COLLECTION)?;
/// let received = StaticShare::from_base64(&share.ciphertext_base64(), &share.nonce_base64())?;
/// assert_eq!(received.open(&same)?.as_bytes(), b"{\"collectionId\":\"c\"}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticShare(Pair);

impl StaticShare {
    /// The key that one's own secret and the friend's public key have for a context.
    ///
    /// # Errors
    ///
    /// None that an honest key could cause.
    pub fn key(
        own: &AgreementSecret,
        friend: &AgreementKey,
        context: &ShareContext,
    ) -> Result<StaticShareKey, KeyError> {
        Ok(StaticShareKey::derive(&own.agree(friend)?, context))
    }

    /// Seals bytes.
    pub fn seal(key: &StaticShareKey, plaintext: &[u8], nonce: SealNonce) -> Result<Self, SealError> {
        Pair::seal_bytes(key.expose(), plaintext, &nonce).map(Self)
    }

    /// Reads the strict base64 of ciphertext and nonce.
    pub fn from_base64(ciphertext: &str, nonce: &str) -> Result<Self, PairError> {
        Pair::from_base64(ciphertext, nonce).map(Self)
    }

    /// The base64 text of the ciphertext.
    pub fn ciphertext_base64(&self) -> String {
        self.0.ciphertext_base64()
    }

    /// The base64 text of the nonce.
    pub fn nonce_base64(&self) -> String {
        self.0.nonce_base64()
    }

    /// Opens the share.
    pub fn open(&self, key: &StaticShareKey) -> Result<Plaintext, OpenError> {
        self.0.open_bytes(key.expose())
    }
}
