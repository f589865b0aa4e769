//! The traffic limits of a server, as the HTTP interface documents them.
//!
//! They are numbers only: counting is for the server, per process.

/// Requests a minute that one authenticated server may make to an inbox.
pub const INBOX_PER_SERVER_PER_MINUTE: u32 = 600;

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
