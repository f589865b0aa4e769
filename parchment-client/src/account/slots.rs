//! Recovery slots: the seed, wrapped for passkeys and signed by its owner.

use parchment_core::{
    api::wrapped_keys::{SlotRequest, StoredSlot},
    derive::MasterSeed,
    derive::PrfWrapKey,
    keys::VerifyingKey,
    prf::PrfOutput,
    slot::{Slot, SlotError, SlotPlace, WRAP_ALGORITHM},
};

use super::{
    Account,
    device::Device,
    error::{AccountError, Result},
    lie::Lie,
    random,
};

impl Account {
    /// The passkeys that have a recovery slot, by their credential ids.
    ///
    /// # Errors
    ///
    /// The [`Lie`] when one of them was not signed by her, or is there twice.
    pub async fn recovery_passkeys(&self) -> Result<Vec<String>> {
        let device = self.device().await;
        self.checked_slots(&device).await
    }

    /// Makes a recovery slot for one of her passkeys from what its PRF gave; an earlier one is replaced.
    ///
    /// # Errors
    ///
    /// [`Lie::SlotNotSigned`] when the server keeps another one than it was given.
    pub async fn add_recovery_passkey(&self, credential_id: &str, output: &PrfOutput) -> Result<()> {
        let device = self.device().await;
        let slot = wrap(&device.user_id, &device.seed, credential_id, &output.wrap_key()?)?;
        self.client().slots().put(&slot).await?;
        let stored = self.client().slots().list().await?;
        let kept = only(&stored, credential_id)?;
        if kept.wrapped_km != slot.wrapped_km || kept.slot_signature != slot.slot_signature {
            return Err(Lie::SlotNotSigned {
                credential_id: credential_id.to_owned(),
            }
            .into());
        }
        Ok(())
    }

    /// Deletes the recovery slot for a passkey. The passkey itself stays, for signing in.
    pub async fn remove_recovery_passkey(&self, credential_id: &str) -> Result<()> {
        Ok(self.client().slots().delete(credential_id).await?)
    }

    pub(super) async fn checked_slots(&self, device: &Device) -> Result<Vec<String>> {
        let stored = self.client().slots().list().await?;
        let identity = device.signing_key();
        for slot in &stored {
            only(&stored, &slot.credential_id)?;
            verify(slot, &device.user_id, &slot.credential_id, &identity)?;
        }
        Ok(stored.into_iter().map(|slot| slot.credential_id).collect())
    }
}

/// The one slot for a passkey.
pub fn only<'a>(stored: &'a [StoredSlot], credential_id: &str) -> Result<&'a StoredSlot> {
    let mut of_it = stored.iter().filter(|slot| slot.credential_id == credential_id);
    let slot = of_it.next().ok_or(AccountError::NoSlot)?;
    match of_it.next() {
        None => Ok(slot),
        Some(_) => Err(Lie::SlotRepeated {
            credential_id: credential_id.to_owned(),
        }
        .into()),
    }
}

/// Wraps a seed for a passkey.
pub fn wrap(user_id: &str, seed: &MasterSeed, credential_id: &str, key: &PrfWrapKey) -> Result<SlotRequest> {
    let slot = Slot::wrap(seed, key, SlotPlace { user_id, credential_id }, random::seal_nonce()?)?;
    Ok(SlotRequest {
        credential_id: slot.credential_id,
        wrapped_km: slot.wrapped_km,
        wrap_algo: Some(slot.wrap_algo),
        slot_signature: slot.slot_signature,
    })
}

/// Unwraps the seed of a slot that was signed for this place, and is that of who signed it.
pub fn unwrap(
    stored: &StoredSlot,
    user_id: &str,
    credential_id: &str,
    identity: &VerifyingKey,
    key: &PrfWrapKey,
) -> Result<MasterSeed> {
    verify(stored, user_id, credential_id, identity)?;
    let slot = read(stored);
    let verified = slot.verify(SlotPlace { user_id, credential_id }, identity);
    let unwrapped = verified.and_then(|slot| slot.unwrap(key));
    unwrapped.map_err(|error| lie(error, credential_id).into())
}

fn verify(stored: &StoredSlot, user_id: &str, credential_id: &str, identity: &VerifyingKey) -> Result<()> {
    if stored.user_id != user_id {
        return Err(Lie::OthersThing {
            what: "a recovery slot",
        }
        .into());
    }
    if stored.wrap_algo != WRAP_ALGORITHM {
        return Err(Lie::SlotAlgorithm {
            credential_id: credential_id.to_owned(),
        }
        .into());
    }
    let slot = read(stored);
    let verified = slot.verify(SlotPlace { user_id, credential_id }, identity);
    verified.map_err(|error| lie(error, credential_id))?;
    Ok(())
}

fn read(stored: &StoredSlot) -> Slot {
    Slot {
        credential_id: stored.credential_id.clone(),
        wrapped_km: stored.wrapped_km.clone(),
        wrap_algo: stored.wrap_algo.clone(),
        slot_signature: stored.slot_signature.clone(),
    }
}

fn lie(error: SlotError, credential_id: &str) -> Lie {
    let credential_id = credential_id.to_owned();
    match error {
        SlotError::Algorithm => Lie::SlotAlgorithm { credential_id },
        SlotError::Unusable(_) | SlotError::NotASeed => Lie::SlotUnusable { credential_id },
        SlotError::OtherIdentity => Lie::SlotOtherIdentity { credential_id },
        _ => Lie::SlotNotSigned { credential_id },
    }
}
