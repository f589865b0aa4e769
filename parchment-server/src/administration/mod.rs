//! Users, roles and permissions, as those who run the server see and change them.
//!
//! Two rules hold whatever the operation, checked inside the transaction that changes something:
//!
//! * Nobody passes on or takes away what he does not hold. A role is given, made, changed or deleted only by somebody
//!   who holds every permission in it, before the change and after it; a user is changed or removed only by somebody
//!   who holds every permission that she holds. Otherwise whoever may change users would read the mail of one who may
//!   do more, by changing her address, and sign in as her.
//! * An admin is left. What would take the role from the last one, or switch off or remove her account, is refused.
//!
//! The operator of the machine, who has the database anyway, is bound by the second rule only.

pub mod api;
pub mod grants;
pub mod roles;
pub mod users;
