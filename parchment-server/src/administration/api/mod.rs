//! The HTTP face of administration.

pub mod roles;
pub mod users;

use parchment_core::api::administration::{Permission, RoleName};

use crate::auth::permissions;

fn to_permission(permission: permissions::Permission) -> Permission {
    Permission {
        id: permission.id().to_owned(),
        name: permission.name().to_owned(),
    }
}

fn to_role_name((id, name): (String, String)) -> RoleName {
    RoleName { id, name }
}
