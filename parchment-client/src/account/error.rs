//! Why something that a person wanted was not done.

use parchment_core::{
    derive::DeriveError, prf::PrfError, seal::SealError, seed_wrap::StoredSeedError, transfer::TransferError,
};

use super::{inventory::InventoryError, lie::Lie};
use crate::{ClientError, keystore::KeyStoreError};

/// Why something that a person wanted was not done. Each says who is at fault and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The server lied, and was found out.
    #[error(transparent)]
    Lie(#[from] Lie),
    /// There was no answer, or the server refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The device's own store failed.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The client has no session, or one that is over.
    #[error("You are not signed in. Sign in and try again.")]
    SignedOut,
    /// This device keeps no keys of the account.
    #[error(
        "This device does not have your keys yet. Unlock the account with the recovery key, a passkey, or another device."
    )]
    NotUnlocked,
    /// There is an identity already, and making another would shut its devices out.
    #[error("You have an identity already. Unlock it, or reset it if every key is lost.")]
    IdentityExists,
    /// There is no identity to unlock.
    #[error("You have no identity on this server yet. Create one.")]
    NoIdentity,
    /// What was typed is no recovery key.
    #[error(transparent)]
    RecoveryKey(DeriveError),
    /// The seed is not that of the identity that the server shows.
    #[error(
        "This is the key of another identity than the server shows for you. If it is your newest recovery key, and you did not rotate or reset on another device, the server shows a foreign key: do not trust it."
    )]
    OtherIdentity,
    /// The master key was changed elsewhere, or so the server says.
    #[error(
        "Your master key was changed on another device (version {shown}, this device has {known}). Unlock again with the new recovery key, a passkey, or that device. If you did not change it, do not trust this server."
    )]
    RotatedElsewhere {
        /// The version that the server shows.
        shown: i64,
        /// The version that this device has.
        known: i64,
    },
    /// There is no recovery slot for the passkey.
    #[error("There is no recovery slot for this passkey. Use another passkey, the recovery key, or another device.")]
    NoSlot,
    /// What the passkey gave is of no use.
    #[error(transparent)]
    Passkey(#[from] PrfError),
    /// What was scanned or typed for a transfer does not do; nothing is lost.
    #[error(transparent)]
    Transfer(TransferError),
    /// What is stored on the device for its secret cannot be opened.
    #[error(transparent)]
    StoredSeed(StoredSeedError),
    /// Something cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The device state in the key store cannot be read.
    #[error(
        "What this device keeps of the account cannot be read: {0}. It was left as it is; update this program, or unlock the account anew with another store."
    )]
    DeviceState(String),
    /// The inventory or the friends' pins cannot be read though they open.
    #[error("What another of your programs wrote cannot be read here: {0}. Update this program.")]
    Unreadable(String),
    /// A type of blob that the account keeps for itself.
    #[error("Blobs of the type {0:?} are kept by the account itself. Choose another type.")]
    Reserved(String),
    /// There is no such collection or point in the inventory.
    #[error("You have no such collection or point.")]
    NotFound,
    /// Others wrote again and again in between.
    #[error("Other devices wrote at the same time, again and again. Try again in a moment.")]
    Busy,
    /// A record cannot be taken along into a rotation.
    #[error("{what} cannot be opened and so not be taken along. Delete it, or say that it is to be dropped.")]
    CannotCarry {
        /// Which record.
        what: String,
    },
    /// A friend who is not in the server's list.
    #[error("{0} is not among your friends.")]
    NoFriend(String),
    /// A friend whose key was not taken as known yet.
    #[error("The key of {0} is not pinned yet. Compare safety numbers, then pin it.")]
    NotPinned(String),
    /// An answer of the server that makes no sense, though no lie follows from it.
    #[error("The server's answer cannot be used: {0}.")]
    Unexpected(String),
    /// The operating system has no randomness; nothing safe can be done.
    #[error("The operating system gave no randomness. Nothing was done.")]
    Randomness,
}

impl AccountError {
    /// The lie, if this is one.
    pub fn lie(&self) -> Option<&Lie> {
        match self {
            Self::Lie(lie) => Some(lie),
            _ => None,
        }
    }
}

impl From<InventoryError> for AccountError {
    fn from(error: InventoryError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What comes of something a person wanted.
pub type Result<T, E = AccountError> = std::result::Result<T, E>;
