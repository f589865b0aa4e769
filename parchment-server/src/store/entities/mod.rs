//! The tables, one file each.

pub mod alias_reservations;
pub mod blobs;
pub mod collections;
pub mod device_secrets;
pub mod device_transfers;
pub mod envelope_nonces;
pub mod friendships;
pub mod invitations;
pub mod login_code_sends;
pub mod login_codes;
pub mod passkey_challenges;
pub mod passkeys;
pub mod peer_refusals;
pub mod peers;
pub mod points;
pub mod preferences;
pub mod revocations;
pub mod role_permissions;
pub mod roles;
pub mod server_identity;
pub mod sessions;
pub mod transport_nonces;
pub mod user_roles;
pub mod users;
pub mod wrapped_keys;
