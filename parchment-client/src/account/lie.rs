//! What a server did that no honest one does.

use super::inventory::Place;

/// A lie of the server, found out: what it did, and what the person should do.
///
/// The first sentence of each message says what the server did, the second what to do. What an attacker in the server's
/// place gains is in [`crate::attacks`]. Nothing was changed on the device when one of these is returned, and nothing
/// that was given is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lie {
    // Who she is.
    /// The session belongs to another account than this device keeps.
    #[error(
        "The server says that you are another user than the one this device keeps the keys of. Sign in to your own account, and if you did, do not trust this server."
    )]
    OtherUser,
    /// The handle is another than this device knows.
    #[error(
        "The server shows you as {shown}, and this device knows you as {known}. Unless you changed your alias on another device, do not trust this server."
    )]
    OtherHandle {
        /// What the server says.
        shown: String,
        /// What this device knows.
        known: String,
    },
    /// The signing key is not the one that the seed derives.
    #[error(
        "The server shows others a signing key that is not yours, and could speak in your name. Tell your friends by another way, and move to another server."
    )]
    SigningKey,
    /// The encryption key is not the one that the seed derives.
    #[error(
        "The server shows others an encryption key that is not yours, and could read what they seal to you. Tell your friends by another way, and move to another server."
    )]
    EncryptionKey,
    /// The keys that were registered are not there.
    #[error(
        "The server shows no keys for you, though they were registered. Unless you reset your identity on another device, do not trust this server."
    )]
    KeysWithheld,

    // Versions.
    /// The version of the master key is smaller than it was.
    #[error(
        "The server says that your master key is of version {shown}, and this device has seen version {seen}. Ask whoever runs the server whether an old backup was restored; do not write anything before."
    )]
    KmVersionBack {
        /// What the server says.
        shown: i64,
        /// What this device has seen.
        seen: i64,
    },
    /// The version of the master key is larger, and the keys are still those of the smaller.
    #[error(
        "The server says that your master key is of version {shown}, with the keys of version {seen}. Do not trust this server."
    )]
    KmVersionAhead {
        /// What the server says.
        shown: i64,
        /// What this device has seen.
        seen: i64,
    },
    /// A record is said to be sealed under another version of the master key.
    #[error(
        "The server says that {place} is sealed under version {shown} of your master key, and it has to be {expected}. Do not trust what it shows of it."
    )]
    RecordKmVersion {
        /// Which record.
        place: Place,
        /// What the server says.
        shown: i64,
        /// What it has to be.
        expected: i64,
    },

    // The whole account.
    /// The inventory is gone, though this device has seen one.
    #[error(
        "The server shows no inventory of your account, though this device has seen one. Ask whoever runs the server whether data were lost; do not write anything before."
    )]
    InventoryWithheld,
    /// The inventory and what is listed in it are older than what this device has seen.
    #[error(
        "The server shows your account as it was when the inventory had number {shown}, and this device has seen number {seen}. Ask whoever runs the server whether an old backup was restored; do not write anything before."
    )]
    AccountRolledBack {
        /// The counter that was shown.
        shown: u64,
        /// The counter that this device has seen.
        seen: u64,
    },

    // Records.
    /// A record that the inventory lists is not there.
    #[error(
        "The server does not give {0}, which is in your inventory. If you deleted it with a program that keeps no inventory, say so; else ask whoever runs the server."
    )]
    Withheld(Place),
    /// A record is there as it was before it was replaced or deleted.
    #[error(
        "The server gives {0} as it was before it was replaced or deleted. Do not write it anew from this; ask whoever runs the server whether an old backup was restored."
    )]
    RolledBack(Place),
    /// A record is that of another place.
    #[error("The server gives {from} in the place of {place}. Do not trust this server.")]
    Moved {
        /// What was asked for.
        place: Place,
        /// Where it belongs.
        from: Place,
    },
    /// A record that the key does not open: of another user, of another master key, or changed.
    #[error(
        "What the server gives as {0} was not sealed by you for this place, or was changed since. Do not trust this server."
    )]
    Foreign(Place),
    /// A record names another algorithm than everything is sealed with.
    #[error("What the server gives as {place} names algorithm {found}, which is not taken. Do not trust this server.")]
    Algorithm {
        /// Which record.
        place: Place,
        /// The byte that names it.
        found: u8,
    },
    /// A record is no envelope of the one version there is.
    #[error("What the server gives as {0} is no sealed record. Do not trust this server.")]
    NoEnvelope(Place),
    /// A list names something twice.
    #[error("The server lists {0} twice. Do not trust this server.")]
    Repeated(Place),
    /// What was just written is not what is there.
    #[error("The server said that it wrote {0}, and gives something older. Keep what you wrote; it is not safe there.")]
    WriteIgnored(Place),
    /// A collection is said to be under another version of its key.
    #[error(
        "The server says that {place} is sealed under version {shown} of its key, and your inventory says {expected}. Do not trust this server."
    )]
    CollectionKeyVersion {
        /// Which collection.
        place: Place,
        /// What the server says.
        shown: i64,
        /// What the inventory says.
        expected: u64,
    },
    /// A collection or slot is said to be another user's.
    #[error("The server gives you {what} of another user. Do not trust this server.")]
    OthersThing {
        /// What it is.
        what: &'static str,
    },
    /// A point is in the list of another collection than it belongs to.
    #[error(
        "The server lists the point {point} in collection {shown}, and it belongs to {expected}. Do not trust this server."
    )]
    PointMoved {
        /// Which point.
        point: String,
        /// Where it was listed.
        shown: String,
        /// Where it belongs.
        expected: String,
    },
    /// The id of a new collection is that of one there was before.
    #[error(
        "The server gave a new collection the id of another. Its keys would be the same: nothing was sealed. Do not trust this server."
    )]
    IdReused,

    // Recovery slots.
    /// A slot that is not signed by the user for this passkey.
    #[error(
        "The recovery slot for the passkey {credential_id} was not signed by you. Do not use it; renew it with your recovery key."
    )]
    SlotNotSigned {
        /// Which passkey.
        credential_id: String,
    },
    /// A slot that names another way of wrapping.
    #[error(
        "The recovery slot for the passkey {credential_id} is wrapped in a way that is not taken. Do not use it; renew it with your recovery key."
    )]
    SlotAlgorithm {
        /// Which passkey.
        credential_id: String,
    },
    /// A slot that the passkey does not open.
    #[error(
        "The recovery slot for the passkey {credential_id} was made for another passkey, or was changed. Do not use it; renew it with your recovery key."
    )]
    SlotUnusable {
        /// Which passkey.
        credential_id: String,
    },
    /// A slot that holds the seed of somebody else.
    #[error("The recovery slot for the passkey {credential_id} holds the seed of another identity. Do not use it.")]
    SlotOtherIdentity {
        /// Which passkey.
        credential_id: String,
    },
    /// There are two slots for one passkey.
    #[error("The server gives two recovery slots for the passkey {credential_id}. Do not trust this server.")]
    SlotRepeated {
        /// Which passkey.
        credential_id: String,
    },

    // Device transfer.
    /// What was given for the transfer was not signed by the user for this device and session.
    #[error(
        "What the server gave for the transfer was not made by your other device for this one: a key was swapped, or an earlier transfer was given again. Do not go on."
    )]
    TransferNotSigned,
    /// The sealed seed was changed on its way.
    #[error("The seed was changed on its way between your devices. Do not go on.")]
    TransferChanged,
    /// The seed is that of another identity.
    #[error("The server passed on the seed of another identity. Do not go on.")]
    TransferOtherIdentity,
    /// The code of the old device is not that of what the new one was given.
    #[error(
        "The code of the old device is not that of what the server gave this one. If you typed it right, somebody stands between your devices."
    )]
    TransferCode,

    // Rotation.
    /// The server said that the commit took effect, and it did not.
    #[error(
        "The server said that your new master key is in effect, and it is not. Both keys are kept on this device; try again, or move to another server."
    )]
    CommitWithheld,
    /// The server said again and again that another rotation came first, and there was none.
    #[error(
        "The server says that another rotation came first, and there was none. Both keys are kept on this device; try again, or move to another server."
    )]
    ConflictForged,
    /// The server said that something is missing in the rotation which it does not give.
    #[error("The server says that {what} is missing in the rotation, and does not give it. Do not trust this server.")]
    MissingForged {
        /// What it named.
        what: String,
    },

    // Others.
    /// Somebody is to be told of a reset who is no peer of the reset identity.
    #[error(
        "The server wants you to break with {handle}, whom this device does not know as a peer of your former identity. Nothing was signed for it."
    )]
    ForeignRevocation {
        /// Whom.
        handle: String,
    },
    /// Somebody who has to be told of the reset is not in the list.
    #[error("The server does not offer to tell {handle} that your former identity is gone. Tell them by another way.")]
    RevocationWithheld {
        /// Whom.
        handle: String,
    },
    /// A friend's key is not the one that is pinned.
    #[error(
        "The server shows another key for {handle} than you know. Compare safety numbers with your friend by another way before you go on."
    )]
    FriendKey {
        /// Which friend.
        handle: String,
    },
    /// A friend's encryption key is not the one that is pinned.
    #[error(
        "The server shows another encryption key for {handle} than you know, and could read what you share. Compare safety numbers with your friend by another way before you go on."
    )]
    FriendEncryptionKey {
        /// Which friend.
        handle: String,
    },
    /// The secret of this device was changed though nothing changes it.
    #[error(
        "The secret that the server keeps for this device does not open what is stored here. After a rotation, a reset or signing out everywhere that is so; else the server changed it. Recover your seed in another way."
    )]
    DeviceSecret,
}

impl Lie {
    /// Whether reading again may show that there was none: something was written between two steps of reading.
    pub(super) fn may_be_a_race(&self) -> bool {
        matches!(
            self,
            Self::Withheld(_)
                | Self::RolledBack(_)
                | Self::Moved { .. }
                | Self::PointMoved { .. }
                | Self::CollectionKeyVersion { .. }
        )
    }
}
