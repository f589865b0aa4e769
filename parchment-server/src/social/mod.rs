//! Friends and invitations: what users do about each other, here and across servers.
//!
//! [`relations`] holds the rules on rows, used by both directions: what a message from elsewhere
//! does, and what a user of this server does to another one of it. [`invitations`] and
//! [`friendships`] are what a user does, including telling the other server.

pub mod api;
pub mod friendships;
pub mod invitations;
pub mod relations;
