//! What users keep here and only they can read, and what gets their devices at it.
//!
//! Clients seal everything before it comes: [`blobs`], [`collections`] and [`points`] are envelopes whose shape can be
//! checked here and nothing else. [`slots`], [`device_secrets`] and [`transfer`] bring the master seed to a device that
//! may have it; a [`rotation`] puts all of it under another seed.
//!
//! Every change of what a user keeps is one [`Store::write`](crate::store::Store::write), which makes sure first that
//! she is [still](mod@still) who she was when the request came. So nothing sealed under an old key gets past a rotation or
//! a reset.

pub mod api;
pub mod blobs;
pub mod collections;
pub mod device_secrets;
pub mod erasure;
pub mod points;
pub mod rotation;
mod sealed;
pub mod slots;
pub mod still;
pub mod transfer;
pub mod usage;
