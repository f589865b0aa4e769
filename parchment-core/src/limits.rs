//! The limits of a server, on traffic and on what it keeps, as the HTTP interface documents them.
//!
//! They are numbers only: counting is for the server, per process.

/// Requests a minute that one authenticated server may make to an inbox.
pub const INBOX_PER_SERVER_PER_MINUTE: u32 = 600;

/// Requests of one authenticated server that an inbox works on at once; more wait their turn, up to 256 and 5 seconds.
pub const INBOX_PER_SERVER_AT_ONCE: usize = 128;

/// Requests in one server's name from one client address that an inbox works on at once before it knows whether they
/// are that server's; more wait their turn, up to 256 and 5 seconds.
pub const INBOX_UNVERIFIED_AT_ONCE: usize = 16;

/// Refused inbox requests a minute from one client address.
pub const INBOX_FAILURES_PER_ADDRESS_PER_MINUTE: u32 = 120;

/// Requests a minute for well-known documents from one client address.
pub const WELL_KNOWN_PER_ADDRESS_PER_MINUTE: u32 = 600;

/// Questions to other servers a minute that one user may cause by looking people up.
pub const LOOKUPS_PER_USER_PER_MINUTE: u32 = 120;

/// Seconds between two sign-in codes for one mail address.
pub const CODE_INTERVAL_SECONDS: u32 = 30;

/// Sign-in codes a day for one mail address.
pub const CODES_PER_ADDRESS_PER_DAY: u32 = 10;

/// Sign-in codes an hour for one client.
pub const CODES_PER_CLIENT_PER_HOUR: u32 = 30;

/// Wrong tries after which a sign-in code is dead.
pub const TRIES_PER_CODE: u32 = 5;

/// Times a minute that one client may begin to sign in with a passkey.
pub const PASSKEY_SIGN_INS_PER_CLIENT_PER_MINUTE: u32 = 60;

/// Times a minute that one user may ask for the options of one passkey operation.
pub const PASSKEY_OPTIONS_PER_USER_PER_MINUTE: u32 = 30;

/// Passkeys that one user may have.
pub const PASSKEYS_PER_USER: u32 = 50;

/// Times a minute that one user may commit a rotation.
pub const ROTATIONS_PER_USER_PER_MINUTE: u32 = 10;

/// Rotations of a server whose bodies are read or checked at once.
pub const ROTATIONS_AT_ONCE: usize = 4;

/// Times a minute that one user may ask for the secret of a device.
pub const WRAP_SECRETS_PER_USER_PER_MINUTE: u32 = 60;

/// Times a minute that one user may change the secrets of her devices.
pub const WRAP_SECRET_ROTATIONS_PER_USER_PER_MINUTE: u32 = 10;

/// Device transfers an hour that one user may begin.
pub const TRANSFERS_PER_USER_PER_HOUR: u32 = 3;

/// Seconds that a device transfer lasts.
pub const TRANSFER_SECONDS: u32 = 60;

/// Bytes of a personal blob's envelope.
pub const BLOB_BYTES: usize = 1024 * 1024;

/// Bytes of the envelope of a point, or of a collection's metadata.
pub const POINT_BYTES: usize = 64 * 1024;

/// Bytes of the envelope of a recovery slot, or of a transferred seed.
pub const SLOT_BYTES: usize = 4 * 1024;

/// Personal blobs that one user may keep.
pub const BLOBS_PER_USER: u32 = 1000;

/// Collections that one user may keep.
pub const COLLECTIONS_PER_USER: u32 = 1000;

/// Points that one user may keep, in all her collections.
pub const POINTS_PER_USER: u32 = 20_000;

/// Devices that a secret is kept for, per user.
pub const DEVICES_PER_USER: u32 = 1000;
