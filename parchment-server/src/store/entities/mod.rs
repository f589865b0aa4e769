//! The tables, one file each.

pub mod alias_reservations;
pub mod envelope_nonces;
pub mod friendships;
pub mod invitations;
pub mod login_code_sends;
pub mod login_codes;
pub mod peers;
pub mod preferences;
pub mod revocations;
pub mod role_permissions;
pub mod roles;
pub mod server_identity;
pub mod sessions;
pub mod transport_nonces;
pub mod user_roles;
pub mod users;
