//! Roles: the default ones, which nobody can change, and those that people made.

use std::collections::{BTreeMap, BTreeSet};

use parchment_core::{
    api::administration::{ChangeRoleRequest, CreateRoleRequest},
    time::UnixMillis,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};

use super::grants;
use crate::{
    accounts::profile,
    auth::{
        permissions::{self, DefaultRole, Held, Permission},
        permitted::Actor,
    },
    http::problem::Problem,
    store::{
        Store, StoreError,
        entities::{role_permissions, roles},
    },
};

/// How many roles people can make.
const MAX_ROLES: u64 = 200;

/// How long an id can be.
const MAX_ID: usize = 64;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What it is referred to by.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether every server has it.
    pub is_default: bool,
    /// What it permits.
    pub permissions: BTreeSet<Permission>,
}

impl From<DefaultRole> for Role {
    fn from(role: DefaultRole) -> Self {
        Self {
            id: role.id().to_owned(),
            name: role.name().to_owned(),
            description: Some(role.description().to_owned()),
            is_default: true,
            permissions: role.permissions(),
        }
    }
}

/// All roles, in the order of their ids.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Role>, StoreError> {
    let rows = roles::Entity::find().all(db).await?;
    let mut permitted = BTreeMap::<String, BTreeSet<Permission>>::new();
    for row in role_permissions::Entity::find().all(db).await? {
        permitted
            .entry(row.role_id)
            .or_default()
            .extend(Permission::find(&row.permission));
    }
    let custom = rows.into_iter().map(|row| Role {
        permissions: permitted.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        description: row.description,
        is_default: false,
    });
    let mut all: Vec<Role> = custom.chain(DefaultRole::ALL.map(Role::from)).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The role with this id.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Role>, StoreError> {
    if let Some(role) = DefaultRole::find(id) {
        return Ok(Some(role.into()));
    }
    let Some(row) = roles::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    Ok(Some(Role {
        permissions: permissions::of_custom_roles(db, &[id]).await?,
        id: row.id,
        name: row.name,
        description: row.description,
        is_default: false,
    }))
}

/// The roles with these ids, in their order.
///
/// # Errors
///
/// 400 `unknown_role` when one of them is not there.
pub async fn known(db: &impl ConnectionTrait, ids: &BTreeSet<String>) -> Result<Vec<Role>, Problem> {
    let mut known = Vec::new();
    for id in ids {
        // What is asked for may be anything, and is not repeated.
        let unknown = || Problem::bad_request("unknown_role", "There is no such role.");
        known.push(find(db, id).await?.ok_or_else(unknown)?);
    }
    Ok(known)
}

/// Makes a role.
///
/// # Errors
///
/// 403 `permission_not_held`, 400 `unknown_permission`, 409 `role_taken` and `too_many_roles`, 422 when id, name or
/// description are not what they should be.
pub async fn create(
    store: &Store,
    actor: &Actor,
    request: CreateRoleRequest,
    now: UnixMillis,
) -> Result<Role, Problem> {
    check_name(&request.name)?;
    profile::check_text("description", request.description.as_deref().unwrap_or_default())?;
    let id = match request.id {
        Some(id) if is_id(&id) => id,
        Some(_) => {
            return Err(Problem::invalid_body(
                "id: up to 64 lower-case letters, digits, hyphens and underscores are expected, beginning with a letter or \
                 digit",
            ));
        }
        None => id_of(&request.name)
            .ok_or_else(|| Problem::invalid_body("id: the name has no letters or digits to make one of; give one"))?,
    };
    let permissions = parse(request.permissions.as_deref().unwrap_or_default())?;
    store
        .write(async |tx| {
            check_covers(&actor.held(tx).await?, &permissions)?;
            if find(tx, &id).await?.is_some() {
                return Err(Problem::conflict("role_taken", "There is a role with this id."));
            }
            if roles::Entity::find().count(tx).await? >= MAX_ROLES {
                let message = "There are as many roles as there may be; delete one first.";
                return Err(Problem::conflict("too_many_roles", message));
            }
            let row = roles::ActiveModel {
                id: Set(id.clone()),
                name: Set(request.name.clone()),
                description: Set(request.description.clone()),
                created_at: Set(now.0),
                updated_at: Set(now.0),
            };
            row.insert(tx).await?;
            insert_permissions(tx, &id, &permissions).await?;
            Ok(Role {
                id: id.clone(),
                name: request.name,
                description: request.description,
                is_default: false,
                permissions: permissions.clone(),
            })
        })
        .await
}

/// Changes name and description of a role; what is not named stays.
///
/// # Errors
///
/// As [`changeable`]; 422 when a text is not what it should be.
pub async fn change(
    store: &Store,
    actor: &Actor,
    id: &str,
    request: ChangeRoleRequest,
    now: UnixMillis,
) -> Result<Role, Problem> {
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    let description = request.description.into_change();
    profile::check_text(
        "description",
        description.iter().flatten().next().map_or("", |text| text),
    )?;
    store
        .write(async |tx| {
            let role = changeable(tx, &actor.held(tx).await?, id).await?;
            let changed = Role {
                name: request.name.unwrap_or(role.name),
                description: description.unwrap_or(role.description),
                ..role
            };
            let row = roles::ActiveModel {
                id: Set(changed.id.clone()),
                name: Set(changed.name.clone()),
                description: Set(changed.description.clone()),
                updated_at: Set(now.0),
                ..Default::default()
            };
            row.update(tx).await?;
            Ok(changed)
        })
        .await
}

/// Makes these all that a role permits.
///
/// # Errors
///
/// As [`changeable`], for what it will permit too; 400 `unknown_permission`.
pub async fn set_permissions(
    store: &Store,
    actor: &Actor,
    id: &str,
    ids: &[String],
    now: UnixMillis,
) -> Result<(), Problem> {
    let permissions = parse(ids)?;
    store
        .write(async |tx| {
            let held = actor.held(tx).await?;
            let role = changeable(tx, &held, id).await?;
            check_covers(&held, &permissions)?;
            role_permissions::Entity::delete_many()
                .filter(role_permissions::Column::RoleId.eq(&role.id))
                .exec(tx)
                .await?;
            insert_permissions(tx, &role.id, &permissions).await?;
            let row = roles::ActiveModel {
                id: Set(role.id),
                updated_at: Set(now.0),
                ..Default::default()
            };
            row.update(tx).await?;
            Ok(())
        })
        .await
}

/// Deletes a role and takes it from everybody who has it.
///
/// # Errors
///
/// As [`changeable`].
pub async fn remove(store: &Store, actor: &Actor, id: &str) -> Result<(), Problem> {
    store
        .write(async |tx| {
            let role = changeable(tx, &actor.held(tx).await?, id).await?;
            grants::take_from_all(tx, &role.id).await?;
            roles::Entity::delete_by_id(role.id).exec(tx).await?;
            Ok(())
        })
        .await
}

/// The role that somebody who holds `held` is about to change.
///
/// # Errors
///
/// 404 `not_found`; 409 `default_role`; 403 `permission_not_held` when it permits what she may not.
async fn changeable(tx: &impl ConnectionTrait, held: &Held, id: &str) -> Result<Role, Problem> {
    let role = find(tx, id).await?.ok_or_else(not_found)?;
    if role.is_default {
        let message = "Every server has this role, and it is the same everywhere; make one of your own.";
        return Err(Problem::conflict("default_role", message));
    }
    check_covers(held, &role.permissions)?;
    Ok(role)
}

/// 404 for a role.
pub fn not_found() -> Problem {
    Problem::not_found("There is no such role.")
}

fn check_covers(held: &Held, permissions: &BTreeSet<Permission>) -> Result<(), Problem> {
    match permissions.iter().find(|permission| !held.may(**permission)) {
        None => Ok(()),
        Some(permission) => Err(Problem::forbidden(
            "permission_not_held",
            format!("You do not hold {}, and so cannot change who does.", permission.id()),
        )),
    }
}

async fn insert_permissions(
    tx: &impl ConnectionTrait,
    role_id: &str,
    permissions: &BTreeSet<Permission>,
) -> Result<(), StoreError> {
    if permissions.is_empty() {
        return Ok(());
    }
    let rows = permissions.iter().map(|permission| role_permissions::ActiveModel {
        role_id: Set(role_id.to_owned()),
        permission: Set(permission.id().to_owned()),
    });
    role_permissions::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn parse(ids: &[String]) -> Result<BTreeSet<Permission>, Problem> {
    let unknown = || Problem::bad_request("unknown_permission", "There is no such permission.");
    ids.iter().map(|id| Permission::find(id).ok_or_else(unknown)).collect()
}

fn check_name(name: &str) -> Result<(), Problem> {
    if name.trim().is_empty() {
        return Err(Problem::invalid_body("name: a name is expected"));
    }
    profile::check_text("name", name)
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    id.len() <= MAX_ID
        && id.bytes().next().is_some_and(plain)
        && id.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'_')
}

/// The id that a name makes: its letters and digits in lower case, hyphens for everything between them.
fn id_of(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut id = words.join("-");
    id.truncate(MAX_ID);
    let id = id.trim_end_matches('-');
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_of_the_names_letters_and_digits() {
        for (name, id) in [
            ("Helper", Some("helper")),
            ("  Night  shift (2)!", Some("night-shift-2")),
            ("Über uns", Some("ber-uns")),
            ("日本", None),
            ("--", None),
        ] {
            assert_eq!(id_of(name).as_deref(), id, "{name}");
        }
        let long = id_of(&format!("{} b", "a".repeat(63))).unwrap();
        assert!(long == "a".repeat(63) && is_id(&long), "{long}");
    }

    #[test]
    fn ids_are_short_and_plain() {
        assert!(is_id("a") && is_id("0-_") && is_id(&"a".repeat(64)));
        for id in ["", "-a", "_a", "A", "a b", "a/b", "ü", "a\n", &"a".repeat(65)] {
            assert!(!is_id(id), "{id:?}");
        }
    }
}
