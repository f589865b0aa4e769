//! What a device keeps of an account, as one value in its key store.

use std::collections::BTreeSet;

use parchment_core::{
    derive::MasterSeed,
    keys::{AgreementKey, VerifyingKey},
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    error::{AccountError, Result},
    inventory::Inventory,
    lie::Lie,
};
use crate::keystore::SecretBytes;

/// What this device knows.
#[derive(Debug)]
pub struct Device {
    /// Whose it is.
    pub user_id: String,
    /// What this device calls its copy of the inventory, drawn when it is first written.
    pub copy: Option<String>,
    /// Her handle, once she has one.
    pub handle: Option<String>,
    /// Whether the keys of the seed are known to have been registered.
    pub is_registered: bool,
    /// The seed that holds.
    pub seed: MasterSeed,
    /// The version of the master key that it is.
    pub km_version: i64,
    /// The inventory that it knows; none until it has seen or written one.
    pub inventory: Option<Inventory>,
    /// A seed that is to follow, and may do so already.
    pub next: Option<Next>,
    /// Whom a former identity was connected with and who is not known to have been told; none when there was no reset
    /// on this device.
    pub to_tell: Option<BTreeSet<String>>,
}

/// A rotation that was begun: kept from before the commit goes out until it is known which seed holds.
#[derive(Debug)]
pub struct Next {
    /// The new seed.
    pub seed: MasterSeed,
    /// The version that is left.
    pub from: i64,
}

impl Device {
    /// A device that knows nothing but a seed.
    pub fn new(user_id: String, seed: MasterSeed, km_version: i64) -> Self {
        Self {
            user_id,
            copy: None,
            handle: None,
            is_registered: false,
            seed,
            km_version,
            inventory: None,
            next: None,
            to_tell: None,
        }
    }

    /// Takes over what the same device knew before it was unlocked anew.
    ///
    /// # Errors
    ///
    /// [`Lie::OtherUser`] when it is another user's; [`Lie::KmVersionBack`] when it knew a later version.
    pub fn follow(&mut self, before: Self) -> Result<()> {
        if before.user_id != self.user_id {
            return Err(Lie::OtherUser.into());
        }
        if before.km_version > self.km_version {
            let (shown, seen) = (self.km_version, before.km_version);
            return Err(Lie::KmVersionBack { shown, seen }.into());
        }
        self.handle = before.handle;
        self.copy = before.copy;
        self.to_tell = before.to_tell;
        if before.km_version == self.km_version && before.seed == self.seed {
            // A rotation that was begun may still land.
            (self.inventory, self.next) = (before.inventory, before.next);
        }
        Ok(())
    }

    pub fn signing_key(&self) -> VerifyingKey {
        self.seed.signing_key().verifying_key()
    }

    pub fn encryption_key(&self) -> AgreementKey {
        self.seed.encryption_secret().agreement_key()
    }

    /// The value for the key store.
    pub fn to_bytes(&self) -> Result<SecretBytes> {
        let written = Written {
            v: 1,
            user_id: self.user_id.clone(),
            copy: self.copy.clone(),
            handle: self.handle.clone(),
            is_registered: self.is_registered,
            seed: self.seed.to_recovery_key().to_string(),
            km_version: self.km_version,
            inventory: self.inventory.clone(),
            next: self.next.as_ref().map(|next| WrittenNext {
                seed: next.seed.to_recovery_key().to_string(),
                from: next.from,
            }),
            to_tell: self.to_tell.clone(),
        };
        // Measured first: a buffer that grows leaves pieces of the seed behind.
        let mut length = Length(0);
        let unwritable = |error: serde_json::Error| AccountError::DeviceState(error.to_string());
        serde_json::to_writer(&mut length, &written).map_err(unwritable)?;
        let mut bytes = Vec::with_capacity(length.0);
        serde_json::to_writer(&mut bytes, &written).map_err(unwritable)?;
        Ok(SecretBytes::new(bytes))
    }

    /// Reads the value of the key store.
    pub fn read(bytes: &SecretBytes) -> Result<Self> {
        let unreadable = |error: serde_json::Error| AccountError::DeviceState(describe(&error));
        let written: Written = serde_json::from_slice(bytes.expose()).map_err(unreadable)?;
        if written.v != 1 {
            return Err(AccountError::DeviceState(format!("it is of version {}", written.v)));
        }
        let seed = |text: &str| {
            MasterSeed::from_recovery_key(text).map_err(|_| AccountError::DeviceState("a seed is none".to_owned()))
        };
        Ok(Self {
            user_id: written.user_id.clone(),
            copy: written.copy.clone(),
            handle: written.handle.clone(),
            is_registered: written.is_registered,
            seed: seed(&written.seed)?,
            km_version: written.km_version,
            inventory: written.inventory.clone(),
            next: written
                .next
                .as_ref()
                .map(|next| {
                    Ok::<_, AccountError>(Next {
                        seed: seed(&next.seed)?,
                        from: next.from,
                    })
                })
                .transpose()?,
            to_tell: written.to_tell.clone(),
        })
    }
}

/// Where and of what kind an error is, without what was there.
fn describe(error: &serde_json::Error) -> String {
    format!(
        "{:?} at line {}, column {}",
        error.classify(),
        error.line(),
        error.column()
    )
}

/// Counts what is written.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    v: u32,
    user_id: String,
    copy: Option<String>,
    handle: Option<String>,
    is_registered: bool,
    seed: String,
    km_version: i64,
    inventory: Option<Inventory>,
    next: Option<WrittenNext>,
    to_tell: Option<BTreeSet<String>>,
}

#[derive(Serialize, Deserialize)]
struct WrittenNext {
    seed: String,
    from: i64,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.seed.zeroize();
        if let Some(next) = &mut self.next {
            next.seed.zeroize();
        }
    }
}

impl ZeroizeOnDrop for Written {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_read_as_it_was_written_and_prints_no_seed() {
        let mut inventory = Inventory::new(3);
        inventory.follow(7);
        let device = Device {
            user_id: "user-1".to_owned(),
            copy: Some("0123abcd".to_owned()),
            handle: Some("alice@home.example".to_owned()),
            is_registered: true,
            seed: MasterSeed::from_bytes(&[1; 32]),
            km_version: 3,
            inventory: Some(inventory),
            next: Some(Next {
                seed: MasterSeed::from_bytes(&[2; 32]),
                from: 3,
            }),
            to_tell: Some(BTreeSet::from(["bob@there.example".to_owned()])),
        };
        let read = Device::read(&device.to_bytes().unwrap()).unwrap();
        assert_eq!(read.to_bytes().unwrap(), device.to_bytes().unwrap());
        assert!((read.seed == device.seed) && read.next.as_ref().unwrap().seed == device.next.as_ref().unwrap().seed);
        let printed = format!("{device:?}");
        assert!(!printed.contains(&*device.seed.to_recovery_key()), "{printed}");
    }

    #[test]
    fn what_is_no_device_is_refused_without_repeating_it() {
        for text in ["", "{}", "\"secret text\"", "{\"v\":2}"] {
            let error = Device::read(&SecretBytes::new(text.into())).unwrap_err().to_string();
            assert!(!error.contains("secret text"), "{error}");
        }
    }
}
