//! Randomness from the operating system or browser.

use parchment_core::{derive::MasterSeed, keys::EphemeralSecret, nonce::Nonce, seal::SealNonce};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::{AccountError, Result};

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| AccountError::Randomness)
}

pub fn seed() -> Result<MasterSeed> {
    let mut bytes = Zeroizing::new([0; 32]);
    fill(&mut *bytes)?;
    Ok(MasterSeed::from_bytes(&bytes))
}

pub fn ephemeral() -> Result<EphemeralSecret> {
    let mut bytes = Zeroizing::new([0; 32]);
    fill(&mut *bytes)?;
    Ok(EphemeralSecret::from_bytes(&bytes))
}

pub fn seal_nonce() -> Result<SealNonce> {
    let mut bytes = [0; 12];
    fill(&mut bytes)?;
    Ok(SealNonce::from_bytes(bytes))
}

pub fn nonce() -> Result<Nonce> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(Nonce::from_bytes(bytes))
}

pub fn id() -> Result<Uuid> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
