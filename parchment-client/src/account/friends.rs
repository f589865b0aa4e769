//! Friends' keys: known once, and not silently another ever after.
//!
//! The server says which key a friend has. What it said first is pinned, in a sealed blob of the type [`BLOB_TYPE`];
//! another key blocks until two people have compared safety numbers by a way that the server has no part in.

use std::collections::BTreeMap;

use parchment_core::{
    api::friends::Friend as Served,
    keys::{AgreementKey, VerifyingKey},
    safety::SafetyNumber,
};
use serde::{Deserialize, Serialize};

use super::{
    Account,
    device::Device,
    error::{AccountError, Result},
    lie::Lie,
    sync::TRIES,
};

/// The type of the personal blob that holds the pins.
pub const BLOB_TYPE: &str = "parchment.friends";

/// How well a friend's key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Nobody has looked at it.
    New,
    /// It is the one that was there when it was pinned.
    Pinned,
    /// Two people have compared safety numbers.
    Verified,
}

/// A friend.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Friend {
    /// Who it is.
    pub handle: String,
    /// The name that the friend shows.
    pub name: Option<String>,
    /// How well the key is known, or the [`Lie`] about it.
    pub trust: std::result::Result<Trust, Lie>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Pins {
    v: u32,
    pins: BTreeMap<String, Pin>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pin {
    signing_key: String,
    encryption_key: Option<String>,
    verified: bool,
}

impl Account {
    /// Her friends, with how well their keys are known.
    pub async fn friends(&self) -> Result<Vec<Friend>> {
        let mut device = self.device().await;
        let pins = self.pins(&mut device).await?;
        let served = self.client().friends().list().await?;
        Ok(served
            .into_iter()
            .map(|served| Friend {
                trust: trust(&pins, &served),
                handle: served.friend_handle,
                name: served.friend_name,
            })
            .collect())
    }

    /// The pinned keys of a friend, once the server shows the same: for verifying and for sealing.
    ///
    /// # Errors
    ///
    /// [`Lie::FriendKey`] or [`Lie::FriendEncryptionKey`] when it shows others; [`AccountError::NotPinned`] before
    /// [`pin_friend`](Self::pin_friend).
    pub async fn friend_keys(&self, handle: &str) -> Result<(VerifyingKey, Option<AgreementKey>)> {
        let mut device = self.device().await;
        let pins = self.pins(&mut device).await?;
        let served = self.served(handle).await?;
        match trust(&pins, &served)? {
            Trust::New => Err(AccountError::NotPinned(handle.to_owned())),
            Trust::Pinned | Trust::Verified => keys(&served),
        }
    }

    /// Twelve digits that follow from her key and the one that the server shows for a friend: when the friend sees the
    /// same, nobody stands between them.
    pub async fn safety_number(&self, handle: &str) -> Result<SafetyNumber> {
        let device = self.device().await;
        let (theirs, _) = keys(&self.served(handle).await?)?;
        Ok(SafetyNumber::between(&device.signing_key(), &theirs))
    }

    /// Pins the keys that the server shows for a friend, if none are pinned yet.
    ///
    /// # Errors
    ///
    /// [`Lie::FriendKey`] when others are.
    pub async fn pin_friend(&self, handle: &str) -> Result<()> {
        let mut device = self.device().await;
        let served = self.served(handle).await?;
        self.change_pins(&mut device, |pins| match trust(pins, &served)? {
            Trust::New => Ok(insert(pins, &served, false)),
            Trust::Pinned | Trust::Verified => Ok(false),
        })
        .await
    }

    /// Pins the keys that the server shows for a friend, in the place of others too, once the digits that the *friend*
    /// sees are the same; says whether they are.
    pub async fn verify_friend(&self, handle: &str, digits_of_the_friend: &str) -> Result<bool> {
        let mut device = self.device().await;
        let served = self.served(handle).await?;
        let number = SafetyNumber::between(&device.signing_key(), &keys(&served)?.0);
        let typed: String = digits_of_the_friend.chars().filter(|c| !c.is_whitespace()).collect();
        if typed != number.digits() {
            return Ok(false);
        }
        self.change_pins(&mut device, |pins| Ok(insert(pins, &served, true)))
            .await?;
        Ok(true)
    }

    /// Forgets the pinned keys of somebody who is no friend any more.
    pub async fn forget_friend(&self, handle: &str) -> Result<()> {
        let mut device = self.device().await;
        self.change_pins(&mut device, |pins| Ok(pins.pins.remove(handle).is_some()))
            .await
    }

    async fn served(&self, handle: &str) -> Result<Served> {
        let friends = self.client().friends().list().await?;
        let found = friends.into_iter().find(|friend| friend.friend_handle == handle);
        found.ok_or_else(|| AccountError::NoFriend(handle.to_owned()))
    }

    async fn pins(&self, device: &mut Device) -> Result<Pins> {
        let Some(blob) = self.blob_in(device, BLOB_TYPE).await? else {
            return Ok(Pins {
                v: 1,
                ..Pins::default()
            });
        };
        let pins: Pins =
            serde_json::from_slice(blob.as_bytes()).map_err(|error| AccountError::Unreadable(error.to_string()))?;
        match pins.v {
            1 => Ok(pins),
            version => Err(AccountError::Unreadable(format!("the pins are of version {version}"))),
        }
    }

    /// Changes the pins until the change is in what the server has: another device may write at the same time.
    async fn change_pins(&self, device: &mut Device, change: impl Fn(&mut Pins) -> Result<bool>) -> Result<()> {
        for _ in 0..TRIES {
            let mut pins = self.pins(device).await?;
            if !change(&mut pins)? {
                return Ok(());
            }
            let text = serde_json::to_vec(&pins).map_err(|error| AccountError::Unreadable(error.to_string()))?;
            self.put_blob_in(device, BLOB_TYPE, &text).await?;
        }
        Err(AccountError::Busy)
    }
}

fn trust(pins: &Pins, served: &Served) -> std::result::Result<Trust, Lie> {
    let handle = || served.friend_handle.clone();
    match pins.pins.get(&served.friend_handle) {
        None => Ok(Trust::New),
        Some(pin) if pin.signing_key != served.friend_signing_key => Err(Lie::FriendKey { handle: handle() }),
        Some(Pin {
            encryption_key: Some(pinned),
            ..
        }) if served.friend_encryption_key.as_ref() != Some(pinned) => {
            Err(Lie::FriendEncryptionKey { handle: handle() })
        }
        Some(pin) if pin.verified => Ok(Trust::Verified),
        Some(_) => Ok(Trust::Pinned),
    }
}

/// Pins what is served; says whether that is a change.
fn insert(pins: &mut Pins, served: &Served, verified: bool) -> bool {
    let pin = Pin {
        signing_key: served.friend_signing_key.clone(),
        encryption_key: served.friend_encryption_key.clone(),
        verified,
    };
    pins.pins.insert(served.friend_handle.clone(), pin.clone()).as_ref() != Some(&pin)
}

fn keys(served: &Served) -> Result<(VerifyingKey, Option<AgreementKey>)> {
    let lie = || Lie::FriendKey {
        handle: served.friend_handle.clone(),
    };
    let signing = VerifyingKey::from_base64(&served.friend_signing_key).map_err(|_| lie())?;
    let encryption = served.friend_encryption_key.as_deref().map(AgreementKey::from_base64);
    let lie = || Lie::FriendEncryptionKey {
        handle: served.friend_handle.clone(),
    };
    Ok((signing, encryption.transpose().map_err(|_| lie())?))
}
