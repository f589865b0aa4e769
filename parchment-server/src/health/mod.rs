//! Whether the server lives, and whether it can do its work.

pub mod api;
pub mod readiness;
