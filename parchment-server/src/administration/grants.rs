//! Who has which roles.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    prelude::Uuid,
    sea_query::{IntoCondition, Query, SelectStatement},
};

use super::roles::{self, Role};
use crate::{
    auth::permissions::{DefaultRole, Held, Permission},
    http::problem::Problem,
    store::{
        StoreError,
        entities::{user_roles, users},
    },
};

/// The roles of some users, by user, each in the order of the roles' ids.
pub async fn of_users(db: &impl ConnectionTrait, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<String>>, StoreError> {
    let rows = user_roles::Entity::find()
        .filter(user_roles::Column::UserId.is_in(ids.iter().copied()))
        .order_by_asc(user_roles::Column::Role)
        .all(db)
        .await?;
    let mut of_users = BTreeMap::<Uuid, Vec<String>>::new();
    for row in rows {
        of_users.entry(row.user_id).or_default().push(row.role);
    }
    Ok(of_users)
}

/// The users who have a role, those who came first at the beginning.
pub async fn holders(db: &impl ConnectionTrait, role: &str) -> Result<Vec<users::Model>, StoreError> {
    let rows = users::Entity::find()
        .filter(users::Column::Id.in_subquery(ids_where(user_roles::Column::Role.eq(role))))
        .order_by_asc(users::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
}

/// The ids of users with a row of a kind.
fn ids_where(condition: impl IntoCondition) -> SelectStatement {
    Query::select()
        .column(user_roles::Column::UserId)
        .from(user_roles::Entity)
        .cond_where(condition)
        .to_owned()
}

/// Refuses roles that somebody who holds `held` may not give.
///
/// With `users:update` she may give every role that permits no more than she may herself; without it `user` and the
/// roles that she has.
///
/// # Errors
///
/// 403 `role_not_held`.
pub fn check_may_give(held: &Held, roles: &[Role]) -> Result<(), Problem> {
    let may_give = |role: &&Role| {
        if held.may(Permission::UsersUpdate) {
            held.covers(&role.permissions)
        } else {
            role.id == DefaultRole::User.id() || held.roles().contains(&role.id)
        }
    };
    match roles.iter().find(|role| !may_give(role)) {
        None => Ok(()),
        Some(role) => Err(Problem::forbidden(
            "role_not_held",
            format!("You cannot give the role {}: it permits what you may not.", role.id),
        )),
    }
}

/// Refuses to take something away from those who have a role when one of them may do what somebody who holds `held` may
/// not. Admins do not count: whatever a role loses, they lose nothing.
///
/// # Errors
///
/// 403 `outranked`.
pub async fn check_may_take(tx: &impl ConnectionTrait, held: &Held, role: &str) -> Result<(), Problem> {
    let having = |role: &str| ids_where(user_roles::Column::Role.eq(role));
    let theirs: Vec<String> = user_roles::Entity::find()
        .select_only()
        .column(user_roles::Column::Role)
        .distinct()
        .filter(user_roles::Column::UserId.in_subquery(having(role)))
        .filter(user_roles::Column::UserId.not_in_subquery(having(DefaultRole::Admin.id())))
        .into_tuple()
        .all(tx)
        .await?;
    let all = roles::list(tx).await?;
    let mut theirs = all.iter().filter(|role| theirs.contains(&role.id));
    if theirs.all(|role| held.covers(&role.permissions)) {
        return Ok(());
    }
    let message = "Somebody who has this role may do what you may not, and so is not yours to take it from.";
    Err(Problem::forbidden("outranked", message))
}

/// Makes these all the roles of a user; somebody without any gets `user`.
///
/// # Errors
///
/// 400 `unknown_role`, 409 `last_admin`.
pub async fn replace(tx: &impl ConnectionTrait, user: &users::Model, ids: &BTreeSet<String>) -> Result<(), Problem> {
    roles::known(tx, ids).await?;
    let was_admin = is_admin(tx, user).await?;
    user_roles::Entity::delete_many()
        .filter(user_roles::Column::UserId.eq(user.id))
        .exec(tx)
        .await?;
    insert(tx, user.id, ids).await?;
    if was_admin {
        check_admin_left(tx).await?;
    }
    Ok(())
}

/// Gives roles to a user who has none yet; `user` when there are none to give.
pub async fn insert(tx: &impl ConnectionTrait, user_id: Uuid, ids: &BTreeSet<String>) -> Result<(), StoreError> {
    let everybodys = BTreeSet::from([DefaultRole::User.id().to_owned()]);
    let ids = if ids.is_empty() { &everybodys } else { ids };
    let rows = ids.iter().map(|id| user_roles::ActiveModel {
        user_id: Set(user_id),
        role: Set(id.clone()),
    });
    user_roles::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes a role from everybody; whoever had no other gets `user`.
pub async fn take_from_all(tx: &impl ConnectionTrait, role: &str) -> Result<(), StoreError> {
    user_roles::Entity::update_many()
        .col_expr(user_roles::Column::Role, DefaultRole::User.id().into())
        .filter(user_roles::Column::Role.eq(role))
        .filter(user_roles::Column::UserId.not_in_subquery(ids_where(user_roles::Column::Role.ne(role))))
        .exec(tx)
        .await?;
    user_roles::Entity::delete_many()
        .filter(user_roles::Column::Role.eq(role))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether a user runs the server: she has the role `admin`, and her account is not switched off.
pub async fn is_admin(db: &impl ConnectionTrait, user: &users::Model) -> Result<bool, StoreError> {
    let key = (user.id, DefaultRole::Admin.id().to_owned());
    let role = user_roles::Entity::find_by_id(key).one(db).await?;
    Ok(role.is_some() && user.disabled_at.is_none())
}

/// Makes sure that somebody is left who runs the server, as the last step of a change that took an admin away.
///
/// # Errors
///
/// 409 `last_admin`, which undoes the change.
pub async fn check_admin_left(tx: &impl ConnectionTrait) -> Result<(), Problem> {
    let admins = ids_where(user_roles::Column::Role.eq(DefaultRole::Admin.id()));
    let left = users::Entity::find()
        .filter(users::Column::Id.in_subquery(admins))
        .filter(users::Column::DisabledAt.is_null())
        .one(tx)
        .await?;
    if left.is_some() {
        return Ok(());
    }
    Err(Problem::conflict(
        "last_admin",
        "This is the last admin; make somebody else an admin first.",
    ))
}
