//! What users say and sign (protocol sections 2, 3 and 16).
//!
//! A [`UserMessage`] is what is said, a [`SignedMessage`] the same with its author's signature.
//! Reading one checks its shape alone; that the signature holds is for
//! [`SignedMessage::verify`], and that it may be believed for [`crate::inbox`].

mod content;
pub mod legacy;
mod message;
mod read;

pub use content::{Content, Kind, LocationUpdate, RealtimeEvent, ResourceShare, ShareRole};
pub use message::{EnvelopeNonce, Form, SignedMessage, UserMessage};
