//! A person's account on this server: profile, preferences, first steps.

pub mod api;
pub mod preferences;
pub mod profile;
