//! What people may do: permissions, and the roles that bundle them.
//!
//! On a self-hosted server every signed-in user holds whatever an account is for; administration
//! goes by role. The default roles are written down here and nowhere else, so that no row can
//! change what they mean; further roles are rows.
//!
//! Nobody passes on what he does not hold: whatever somebody does to roles and to other people is
//! measured with [`Held::covers`] inside the transaction that does it.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, prelude::Uuid};

use crate::store::{
    StoreError,
    entities::{role_permissions, user_roles},
};

/// Something that asks for a permission, as a type: see [`needs`].
pub trait Need: Send + Sync + 'static {
    /// The permission it takes.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($variant:ident = $id:literal, $name:literal;)*) => {
        /// A permission. They are ordered by their ids.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Permission {
            $(#[doc = concat!($name, ".")] $variant,)*
        }

        impl Permission {
            /// All permissions, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The id, such as `users:read`.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// What it is called.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        /// Each permission as a type, for operations that take a [`Permitted`](super::permitted::Permitted).
        pub mod needs {
            $(
                #[doc = concat!("Needs `", $id, "`.")]
                #[derive(Debug)]
                pub struct $variant;

                impl super::Need for $variant {
                    const PERMISSION: super::Permission = super::Permission::$variant;
                }
            )*
        }
    };
}

permissions! {
    IntegrationsReadSystem = "integrations:read:system", "See the server's integrations";
    IntegrationsReadUser = "integrations:read:user", "See one's own integrations";
    IntegrationsWriteSystem = "integrations:write:system", "Change the server's integrations";
    IntegrationsWriteUser = "integrations:write:user", "Change one's own integrations";
    LayersDelete = "layers:delete", "Delete layers";
    LayersRead = "layers:read", "See layers";
    LayersWrite = "layers:write", "Make and change layers";
    LibraryRead = "library:read", "Read one's library";
    LibraryWrite = "library:write", "Change one's library";
    LocationSharing = "location:sharing", "Share one's location";
    NotesWrite = "notes:write", "Write notes";
    PermissionsRead = "permissions:read", "See which permissions there are";
    PremiumCustomMaps = "premium:custom_maps", "Use custom maps";
    PremiumDataProviders = "premium:data_providers", "Use premium data providers";
    PremiumLayers = "premium:layers", "Use premium layers";
    PremiumLocationSharing = "premium:location_sharing", "Use premium location sharing";
    PremiumNavigation = "premium:navigation", "Use premium navigation";
    RolesCreate = "roles:create", "Make roles";
    RolesDelete = "roles:delete", "Delete roles";
    RolesRead = "roles:read", "See roles and what they permit";
    RolesWrite = "roles:write", "Change roles and what they permit";
    SearchAutoRefresh = "search:auto_refresh", "Have searches refreshed automatically";
    SharingRead = "sharing:read", "See what is shared";
    SharingWrite = "sharing:write", "Share things";
    SocialRead = "social:read", "See friends and invitations";
    SocialWrite = "social:write", "Invite people and answer invitations";
    SystemRead = "system:read", "See how the server is doing";
    UsersCreate = "users:create", "Invite users";
    UsersDelete = "users:delete", "Remove users";
    UsersRead = "users:read", "See users";
    UsersUpdate = "users:update", "Change users and their roles";
}

impl Permission {
    /// The permission with this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.id() == id)
    }

    fn area(self) -> &'static str {
        self.id().split(':').next().unwrap_or_default()
    }

    /// Whether every signed-in user of a self-hosted server holds it.
    fn is_everybodys(self) -> bool {
        let areas = ["layers", "library", "location", "notes", "premium", "sharing", "social"];
        areas.contains(&self.area()) || self.is_of_own_integrations()
    }

    fn is_of_own_integrations(self) -> bool {
        matches!(self, Self::IntegrationsReadUser | Self::IntegrationsWriteUser)
    }
}

/// A role that every server has, and that nobody can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultRole {
    /// Runs the server: may do everything.
    Admin,
    /// Tries what is new, and sees who else does.
    Alpha,
    /// What an account is for.
    Basic,
    /// All that an account can include.
    Premium,
    /// Everybody.
    User,
}

impl DefaultRole {
    /// All default roles, by their ids.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Alpha, Self::Basic, Self::Premium, Self::User];

    /// The default role with this id.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// The id, as it stands in rows and on the wire.
    pub fn id(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Alpha => "alpha",
            Self::Basic => "basic",
            Self::Premium => "premium",
            Self::User => "user",
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Alpha => "Alpha",
            Self::Basic => "Basic",
            Self::Premium => "Premium",
            Self::User => "User",
        }
    }

    /// What it is for.
    pub fn description(self) -> &'static str {
        match self {
            Self::Admin => "Runs the server: may do everything.",
            Self::Alpha => "Tries what is new, and may see and invite users.",
            Self::Basic => "Library, friends, sharing and integrations of one's own.",
            Self::Premium => "All that an account can include.",
            Self::User => "What everybody has.",
        }
    }

    /// What it permits.
    pub fn permissions(self) -> BTreeSet<Permission> {
        let granted = |permission: &Permission| self.grants(*permission);
        Permission::ALL.iter().copied().filter(granted).collect()
    }

    fn grants(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Admin => true,
            Self::Alpha => {
                let added = [
                    P::IntegrationsReadSystem,
                    P::PermissionsRead,
                    P::RolesRead,
                    P::SystemRead,
                    P::UsersCreate,
                    P::UsersRead,
                ];
                Self::Premium.grants(permission) || added.contains(&permission)
            }
            Self::Premium => {
                let added = [P::LayersDelete, P::SearchAutoRefresh];
                Self::Basic.grants(permission) || permission.area() == "premium" || added.contains(&permission)
            }
            Self::Basic => {
                let areas = ["library", "location", "notes", "sharing", "social"];
                Self::User.grants(permission)
                    || areas.contains(&permission.area())
                    || permission.is_of_own_integrations()
            }
            Self::User => [P::LayersRead, P::LayersWrite].contains(&permission),
        }
    }
}

/// What somebody may do, and by which roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    roles: Vec<String>,
    permissions: BTreeSet<Permission>,
}

impl Held {
    /// What a user holds now.
    pub async fn by(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Self, StoreError> {
        let rows = user_roles::Entity::find()
            .filter(user_roles::Column::UserId.eq(user_id))
            .order_by_asc(user_roles::Column::Role)
            .all(db)
            .await?;
        let roles: Vec<String> = rows.into_iter().map(|row| row.role).collect();
        let custom = roles.iter().filter(|id| DefaultRole::find(id).is_none());
        let custom: Vec<&str> = custom.map(String::as_str).collect();
        let of_custom = if custom.is_empty() {
            BTreeSet::new()
        } else {
            of_custom_roles(db, &custom).await?
        };
        Ok(Self::new(roles, of_custom))
    }

    fn new(roles: Vec<String>, of_custom: BTreeSet<Permission>) -> Self {
        let defaults: Vec<DefaultRole> = roles.iter().filter_map(|id| DefaultRole::find(id)).collect();
        let is_held = |permission: &Permission| {
            permission.is_everybodys()
                || of_custom.contains(permission)
                || defaults.iter().any(|role| role.grants(*permission))
        };
        Self {
            permissions: Permission::ALL.iter().copied().filter(is_held).collect(),
            roles,
        }
    }

    /// The ids of the roles, sorted.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Everything that is permitted, sorted.
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.permissions
    }

    /// Whether this is permitted.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether all of these are permitted: only then may their holder give them, take them, or act on somebody who
    /// holds them.
    pub fn covers(&self, permissions: &BTreeSet<Permission>) -> bool {
        permissions.is_subset(&self.permissions)
    }
}

/// What roles that are rows permit, all together.
pub async fn of_custom_roles(db: &impl ConnectionTrait, ids: &[&str]) -> Result<BTreeSet<Permission>, StoreError> {
    let rows = role_permissions::Entity::find()
        .filter(role_permissions::Column::RoleId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    // An id that this version does not know permits nothing.
    Ok(rows
        .iter()
        .filter_map(|row| Permission::find(&row.permission))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(role: &str) -> BTreeSet<Permission> {
        Held::new(vec![role.to_owned()], BTreeSet::new()).permissions
    }

    #[test]
    fn permissions_are_ordered_by_their_ids_and_found_by_them() {
        assert!(Permission::ALL.is_sorted_by(|a, b| a < b && a.id() < b.id()));
        assert!(
            Permission::ALL
                .iter()
                .all(|one| Permission::find(one.id()) == Some(*one))
        );
        assert_eq!(Permission::ALL.len(), 31);
    }

    #[test]
    fn administration_goes_by_role_and_all_else_is_everybodys() {
        use Permission as P;
        let everybody = Held::new(Vec::new(), BTreeSet::new()).permissions;
        assert_eq!(held_by("user"), everybody);
        assert!(
            everybody
                .iter()
                .all(|one| !["users", "roles", "permissions", "system"].contains(&one.area()))
        );
        assert!(everybody.contains(&P::LibraryWrite) && everybody.contains(&P::IntegrationsWriteUser));
        assert!(!everybody.contains(&P::SearchAutoRefresh) && held_by("premium").contains(&P::SearchAutoRefresh));
        assert!(held_by("alpha").contains(&P::UsersCreate) && !held_by("alpha").contains(&P::UsersDelete));
        assert!(held_by("admin").iter().eq(Permission::ALL));
        assert_eq!(held_by("no such role"), everybody);
    }

    #[test]
    fn a_custom_role_adds_what_it_permits_and_nothing_more() {
        let held = Held::new(vec!["helper".to_owned()], [Permission::UsersRead].into());
        assert!(held.may(Permission::UsersRead) && !held.may(Permission::UsersUpdate));
        assert!(held.covers(&[Permission::UsersRead, Permission::LibraryRead].into()));
        assert!(!held.covers(&[Permission::UsersRead, Permission::UsersUpdate].into()));
    }
}
