//! Who has which roles.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    prelude::Uuid, sea_query::Query,
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
    let holders = Query::select()
        .column(user_roles::Column::UserId)
        .from(user_roles::Entity)
        .and_where(user_roles::Column::Role.eq(role))
        .to_owned();
    let rows = users::Entity::find()
        .filter(users::Column::Id.in_subquery(holders))
        .order_by_asc(users::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
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
    let holders: Vec<Uuid> = holders(tx, role).await?.into_iter().map(|user| user.id).collect();
    user_roles::Entity::delete_many()
        .filter(user_roles::Column::Role.eq(role))
        .exec(tx)
        .await?;
    for user_id in holders {
        let mine = user_roles::Entity::find().filter(user_roles::Column::UserId.eq(user_id));
        if mine.one(tx).await?.is_none() {
            insert(tx, user_id, &BTreeSet::new()).await?;
        }
    }
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
    let admins = Query::select()
        .column(user_roles::Column::UserId)
        .from(user_roles::Entity)
        .and_where(user_roles::Column::Role.eq(DefaultRole::Admin.id()))
        .to_owned();
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
