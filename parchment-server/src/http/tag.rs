//! How operations are grouped in the document.

use poem_openapi::Tags;

/// How operations are grouped.
#[derive(Tags, Debug)]
pub enum Tag {
    /// Signing in and sessions.
    Auth,
    /// Accounts.
    Users,
    /// What people keep sealed, and how their devices get it open.
    Vault,
    /// Friends and invitations.
    Friends,
    /// Identities, and what servers say to each other.
    Federation,
    /// What watches the server asks.
    Health,
}
