//! What one friend seals to another (protocol section 9).
//!
//! * [`FriendShare`]: for one recipient and one moment, signed by its sender, under a key that is used once. Positions
//!   are shared in this form.
//! * [`StaticShare`]: the older form that upstream still writes for shared collections; bound to nothing.

mod binding;
mod friend;
mod static_form;

pub use binding::Binding;
pub use friend::{FriendShare, MIN_BYTES, ShareError};
pub use static_form::StaticShare;
