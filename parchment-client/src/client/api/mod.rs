//! What a server offers, one type per resource and one method per operation.
//!
//! Each is had from the [`Client`], borrows it and costs nothing. Methods take and give the types of
//! [`parchment_core::api`]; an answer that only says that it worked is `()`. Ids, types and handles may be any text: they are
//! escaped. All of them fail as [`ClientError`](crate::ClientError) says.
//!
//! ```no_run
//! use parchment_client::Client;
//! use parchment_core::api::blobs::BlobRequest;
//!
//! # async fn run(client: Client, sealed: String) -> Result<(), parchment_client::ClientError> {
//! let blob = BlobRequest { encrypted_blob: sealed, nonce: None, km_version: Some(1) };
//! client.blobs().put("search-history", &blob).await?;
//! assert!(client.blobs().get("bookmarks").await?.is_none());
//! # Ok(())
//! # }
//! ```

use super::Client;

mod accounts;
mod administration;
mod auth;
mod federation;
mod identity;
mod social;
mod vault;

pub use accounts::{Preferences, Profile};
pub use administration::{Permissions, Roles, Users};
pub use auth::{Passkeys, Sessions, SignIn};
pub use federation::{Federation, Health, WellKnown};
pub use identity::{Identity, Revocations};
pub use social::{Friends, Invitations};
pub use vault::{Blobs, Collections, DeviceSecrets, Points, Rotation, Slots, Transfers};

macro_rules! resources {
    ($($(#[$doc:meta])* $method:ident -> $type:ident;)*) => {
        impl Client {
            $($(#[$doc])* pub fn $method(&self) -> $type<'_> {
                $type { client: self }
            })*
        }
    };
}

resources! {
    /// Signing in: by a code from a mail, or by a passkey.
    sign_in -> SignIn;
    /// The caller's sessions.
    sessions -> Sessions;
    /// The caller's passkeys.
    passkeys -> Passkeys;
    /// What the caller shows of herself.
    profile -> Profile;
    /// How the caller's clients speak to her.
    preferences -> Preferences;
    /// The permissions that there are.
    permissions -> Permissions;
    /// Who the caller is to other servers.
    identity -> Identity;
    /// Whom the caller has still to tell that an identity of hers is gone.
    revocations -> Revocations;
    /// The caller's sealed blobs.
    blobs -> Blobs;
    /// The caller's recovery slots.
    slots -> Slots;
    /// What the server keeps for the caller's devices.
    device_secrets -> DeviceSecrets;
    /// Handing the seed from one device to another.
    transfers -> Transfers;
    /// The caller's sealed collections.
    collections -> Collections;
    /// The version of the caller's master key, and its rotation.
    rotation -> Rotation;
    /// The caller's friends.
    friends -> Friends;
    /// The caller's open invitations, both ways.
    invitations -> Invitations;
    /// Everybody on the server, for those who run it.
    users -> Users;
    /// The roles that there are, for those who run the server.
    roles -> Roles;
    /// What the server publishes for everybody.
    well_known -> WellKnown;
    /// The door for other servers.
    federation -> Federation;
    /// Whether the server lives and can work.
    health -> Health;
}

impl Client {
    /// The points of one of the caller's collections.
    pub fn points<'a>(&'a self, collection_id: &'a str) -> Points<'a> {
        Points {
            client: self,
            collection_id,
        }
    }
}
