//! What people may do: permissions, and the roles that bundle them.
//!
//! On a self-hosted server every signed-in user holds whatever an account is for; administration
//! goes by role.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, prelude::Uuid};

use crate::store::{StoreError, entities::user_roles};

/// The ids of all permissions, sorted.
pub const ALL: [&str; 31] = [
    "integrations:read:system",
    "integrations:read:user",
    "integrations:write:system",
    "integrations:write:user",
    "layers:delete",
    "layers:read",
    "layers:write",
    "library:read",
    "library:write",
    "location:sharing",
    "notes:write",
    "permissions:read",
    "premium:custom_maps",
    "premium:data_providers",
    "premium:layers",
    "premium:location_sharing",
    "premium:navigation",
    "roles:create",
    "roles:delete",
    "roles:read",
    "roles:write",
    "search:auto_refresh",
    "sharing:read",
    "sharing:write",
    "social:read",
    "social:write",
    "system:read",
    "users:create",
    "users:delete",
    "users:read",
    "users:update",
];

/// The roles of a user, sorted.
pub async fn roles_of(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<String>, StoreError> {
    let roles = user_roles::Entity::find()
        .filter(user_roles::Column::UserId.eq(user_id))
        .order_by_asc(user_roles::Column::Role)
        .all(db)
        .await?;
    Ok(roles.into_iter().map(|row| row.role).collect())
}

/// What somebody with these roles may do, sorted.
pub fn held(roles: &[String]) -> Vec<&'static str> {
    let is_held = |id: &&str| is_of_everybody(id) || roles.iter().any(|role| grants(role, id));
    ALL.into_iter().filter(is_held).collect()
}

fn area(id: &str) -> &str {
    id.split(':').next().unwrap_or(id)
}

/// Whether every signed-in user of a self-hosted server holds a permission.
fn is_of_everybody(id: &str) -> bool {
    let areas = ["layers", "library", "location", "notes", "premium", "sharing", "social"];
    areas.contains(&area(id)) || is_of_own_integrations(id)
}

fn is_of_own_integrations(id: &str) -> bool {
    area(id) == "integrations" && id.ends_with(":user")
}

/// Whether a role includes a permission.
fn grants(role: &str, id: &str) -> bool {
    match role {
        "admin" => true,
        "alpha" => {
            let added = [
                "integrations:read:system",
                "permissions:read",
                "roles:read",
                "system:read",
                "users:create",
                "users:read",
            ];
            grants("premium", id) || added.contains(&id)
        }
        "premium" => {
            grants("basic", id) || area(id) == "premium" || ["layers:delete", "search:auto_refresh"].contains(&id)
        }
        "basic" => {
            let areas = ["library", "location", "notes", "sharing", "social"];
            grants("user", id) || areas.contains(&area(id)) || is_of_own_integrations(id)
        }
        "user" => ["layers:read", "layers:write"].contains(&id),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(role: &str) -> Vec<&'static str> {
        held(&[role.to_owned()])
    }

    #[test]
    fn the_list_is_sorted_and_without_repetition() {
        assert!(ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn administration_goes_by_role_and_all_else_is_everybodys() {
        let everybody = held(&[]);
        assert_eq!(held_by("user"), everybody);
        assert!(
            everybody
                .iter()
                .all(|id| !["users", "roles", "permissions", "system"].contains(&area(id)))
        );
        assert!(everybody.contains(&"library:write") && everybody.contains(&"integrations:write:user"));
        assert!(!everybody.contains(&"search:auto_refresh") && held_by("premium").contains(&"search:auto_refresh"));
        assert!(held_by("alpha").contains(&"users:create") && !held_by("alpha").contains(&"users:delete"));
        assert_eq!(held_by("admin"), ALL);
        assert_eq!(held_by("no such role"), everybody);
    }
}
