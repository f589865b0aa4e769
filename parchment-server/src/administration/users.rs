//! Users: seeing, inviting, changing, removing them, and switching their accounts off.

use std::collections::{BTreeMap, BTreeSet};

use parchment_core::{
    api::{
        Email,
        administration::{ChangeUserRequest, CreateUserRequest},
    },
    handle::ServerId,
    time::UnixMillis,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, TransactionTrait as _, prelude::Uuid,
};

use super::{grants, roles};
use crate::{
    accounts::profile,
    auth::{
        codes,
        permissions::{DefaultRole, Held, Permission},
        permitted::Actor,
        sessions,
    },
    http::problem::Problem,
    random,
    store::{
        Store, StoreError,
        entities::{friendships, invitations, login_codes, roles as role_rows, sessions as session_rows, users},
    },
};

/// A user with what hangs on her.
#[derive(Debug, Clone)]
pub struct Member {
    /// Her row.
    pub user: users::Model,
    /// Ids and names of her roles, in the order of the ids.
    pub roles: Vec<(String, String)>,
    /// How many live sessions she has.
    pub sessions: u64,
}

/// One page of all users, the first of them first, and how many there are.
///
/// However many users a page has, it takes the same few queries, and all of them see the same moment.
pub async fn page(store: &Store, page: u32, limit: u32, now: UnixMillis) -> Result<(Vec<Member>, u64), StoreError> {
    let snapshot = store.reader().begin().await?;
    let total = users::Entity::find().count(&snapshot).await?;
    // Ids grow with time: who comes later is appended, and no page shifts while somebody turns them.
    let rows = users::Entity::find()
        .order_by_asc(users::Column::Id)
        .offset(u64::from(page.saturating_sub(1)) * u64::from(limit))
        .limit(u64::from(limit))
        .all(&snapshot)
        .await?;
    let members = with_roles_and_sessions(&snapshot, rows, now).await?;
    snapshot.rollback().await?;
    Ok((members, total))
}

/// A user with what hangs on her, and what she may do.
pub async fn find(store: &Store, id: Uuid, now: UnixMillis) -> Result<Option<(Member, Held)>, StoreError> {
    let snapshot = store.reader().begin().await?;
    let row = users::Entity::find_by_id(id).one(&snapshot).await?;
    let member = with_roles_and_sessions(&snapshot, row.into_iter().collect(), now)
        .await?
        .pop();
    let held = Held::by(&snapshot, id).await?;
    snapshot.rollback().await?;
    Ok(member.map(|member| (member, held)))
}

async fn with_roles_and_sessions(
    db: &impl ConnectionTrait,
    rows: Vec<users::Model>,
    now: UnixMillis,
) -> Result<Vec<Member>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut role_ids = grants::of_users(db, &ids).await?;
    let custom = role_ids.values().flatten().filter(|id| DefaultRole::find(id).is_none());
    let custom: BTreeSet<&str> = custom.map(String::as_str).collect();
    let names: Vec<role_rows::Model> = role_rows::Entity::find()
        .filter(role_rows::Column::Id.is_in(custom))
        .all(db)
        .await?;
    let names: BTreeMap<String, String> = names.into_iter().map(|row| (row.id, row.name)).collect();
    let counts: Vec<(Uuid, i64)> = session_rows::Entity::find()
        .select_only()
        .column(session_rows::Column::UserId)
        .column_as(session_rows::Column::Id.count(), "sessions")
        .filter(session_rows::Column::UserId.is_in(ids))
        .filter(session_rows::Column::ExpiresAt.gt(now.0))
        .group_by(session_rows::Column::UserId)
        .into_tuple()
        .all(db)
        .await?;
    let counts: BTreeMap<Uuid, i64> = counts.into_iter().collect();
    let named = |id: String| {
        let name = DefaultRole::find(&id).map(|role| role.name().to_owned());
        let name = name.or_else(|| names.get(&id).cloned()).unwrap_or_else(|| id.clone());
        (id, name)
    };
    let members = rows.into_iter().map(|user| Member {
        roles: role_ids
            .remove(&user.id)
            .unwrap_or_default()
            .into_iter()
            .map(named)
            .collect(),
        sessions: counts.get(&user.id).map_or(0, |count| count.unsigned_abs()),
        user,
    });
    Ok(members.collect())
}

/// Makes an account for somebody, who takes it over with a sign-in code sent to its address and in no other way.
///
/// # Errors
///
/// 400 `unknown_role`; 403 `role_not_held`; 409 `email_taken`; 422 when a text is not what it should be.
pub async fn create(
    store: &Store,
    actor: &Actor,
    request: CreateUserRequest,
    now: UnixMillis,
) -> Result<users::Model, Problem> {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let (first, last) = (given(request.first_name), given(request.last_name));
    let picture = request.picture.and_then(given);
    for (name, text) in [("firstName", &first), ("lastName", &last), ("picture", &picture)] {
        profile::check_text(name, text.as_deref().unwrap_or_default())?;
    }
    let ids: BTreeSet<String> = match (request.role, request.roles) {
        (Some(_), Some(_)) => return Err(Problem::invalid_body("roles: give either role or roles")),
        (Some(role), None) => [role].into(),
        (None, roles) => roles.unwrap_or_default().into_iter().collect(),
    };
    let email = request.email;
    store
        .write(async |tx| {
            let held = actor.held(tx).await?;
            grants::check_may_give(&held, &roles::known(tx, &ids).await?)?;
            check_free(tx, &email).await?;
            let user = users::ActiveModel {
                id: Set(random::id()),
                email: Set(email.as_str().to_owned()),
                email_key: Set(email.key()),
                first_name: Set(first),
                last_name: Set(last),
                picture: Set(picture),
                km_version: Set(1),
                created_at: Set(now.0),
                updated_at: Set(now.0),
                ..Default::default()
            };
            let user = user.insert(tx).await?;
            grants::insert(tx, user.id, &ids).await?;
            Ok(user)
        })
        .await
}

/// Changes a user; what is not named stays.
///
/// With her address the codes for the old one and the new one die and her sessions end, save the one that asks: whoever
/// read the old mailbox must not stay signed in. Another spelling of the same address is no other address.
///
/// # Errors
///
/// As [`reachable`]; 400 `unknown_role`; 403 `role_not_held`; 409 `email_taken` and `last_admin`; 422 when a text is not
/// what it should be.
pub async fn change(
    store: &Store,
    actor: &Actor,
    id: Uuid,
    request: ChangeUserRequest,
    now: UnixMillis,
) -> Result<(), Problem> {
    let (first, last) = (request.first_name.into_change(), request.last_name.into_change());
    for (name, change) in [("firstName", &first), ("lastName", &last)] {
        for text in change.iter().flatten() {
            profile::check_text(name, text)?;
        }
    }
    let ids: Option<BTreeSet<String>> = request.roles.map(|roles| roles.into_iter().collect());
    store
        .write(async |tx| {
            let held = actor.held(tx).await?;
            let (user, hers) = reachable(tx, &held, id).await?;
            if let Some(ids) = &ids {
                let had = |role: &roles::Role| hers.roles().contains(&role.id);
                let mut added = roles::known(tx, ids).await?;
                added.retain(|role| !had(role));
                grants::check_may_give(&held, &added)?;
                grants::replace(tx, &user, ids).await?;
            }
            let mut row = users::ActiveModel {
                id: Set(user.id),
                updated_at: Set(now.0),
                ..Default::default()
            };
            if let Some(email) = &request.email {
                if email.key() != user.email_key {
                    check_free(tx, email).await?;
                    discard_codes(tx, [&user.email_key, &email.key()]).await?;
                    sessions::end_others(tx, user.id, actor.session_id).await?;
                }
                row.email = Set(email.as_str().to_owned());
                row.email_key = Set(email.key());
            }
            let set = |change: Option<Option<String>>| change.map_or_else(sea_orm::ActiveValue::default, Set);
            row.first_name = set(first);
            row.last_name = set(last);
            row.update(tx).await?;
            Ok(())
        })
        .await
}

/// Removes a user with everything that is hers; her aliases stay reserved, so that nobody takes over her handle.
///
/// Her friends here lose her at once. Those on other servers keep their rows: only her own signature could tell their
/// servers, and she is not there to give it. From now on they are told that nobody has her handle, when they ask.
///
/// # Errors
///
/// As [`reachable`]; 409 `last_admin`.
pub async fn remove(store: &Store, server: &ServerId, actor: &Actor, id: Uuid) -> Result<(), Problem> {
    store
        .write(async |tx| {
            let held = actor.held(tx).await?;
            let (user, _) = reachable(tx, &held, id).await?;
            let was_admin = grants::is_admin(tx, &user).await?;
            if let Some(alias) = &user.alias {
                let own = format!("{alias}@{server}");
                friendships::Entity::delete_many()
                    .filter(friendships::Column::FriendHandle.eq(&own))
                    .exec(tx)
                    .await?;
                invitations::Entity::delete_many()
                    .filter(invitations::Column::PeerHandle.eq(&own))
                    .exec(tx)
                    .await?;
            }
            discard_codes(tx, [&user.email_key]).await?;
            // What else is hers refers to this row and goes with it.
            users::Entity::delete_by_id(user.id).exec(tx).await?;
            if was_admin {
                grants::check_admin_left(tx).await?;
            }
            Ok(())
        })
        .await
}

/// Switches an account off; says whether it was on.
///
/// Her sessions end, and no code is sent to her or taken from her, with the answers that somebody unknown would get.
/// Towards others she is not there: her document is gone, so that this server vouches for no key of hers while it does
/// not know whose hands the account is in, and nobody can invite her. What only takes away still reaches her, a
/// rejection or a revocation, or the two sides would disagree for ever. Nothing is deleted: [`enable`] makes all of it
/// as it was, save the sessions.
///
/// # Errors
///
/// 409 `last_admin`.
pub async fn disable(tx: &impl ConnectionTrait, user: &users::Model, now: UnixMillis) -> Result<bool, Problem> {
    if user.disabled_at.is_some() {
        return Ok(false);
    }
    let was_admin = grants::is_admin(tx, user).await?;
    set_disabled(tx, user, Some(now)).await?;
    discard_codes(tx, [&user.email_key]).await?;
    sessions::end_all(tx, user.id).await?;
    if was_admin {
        grants::check_admin_left(tx).await?;
    }
    Ok(true)
}

/// Switches an account on again; says whether it was off.
pub async fn enable(tx: &impl ConnectionTrait, user: &users::Model) -> Result<bool, Problem> {
    if user.disabled_at.is_none() {
        return Ok(false);
    }
    set_disabled(tx, user, None).await?;
    Ok(true)
}

async fn set_disabled(
    tx: &impl ConnectionTrait,
    user: &users::Model,
    since: Option<UnixMillis>,
) -> Result<(), StoreError> {
    let row = users::ActiveModel {
        id: Set(user.id),
        disabled_at: Set(since.map(|since| since.0)),
        ..Default::default()
    };
    row.update(tx).await?;
    Ok(())
}

/// The user whom somebody who holds `held` is about to change or remove, and what that user holds.
///
/// # Errors
///
/// 404 `not_found`; 403 `outranked` when the user may do what the caller may not. To somebody who may not see users the
/// two are one, so that she learns of nobody's existence.
async fn reachable(tx: &impl ConnectionTrait, held: &Held, id: Uuid) -> Result<(users::Model, Held), Problem> {
    let user = users::Entity::find_by_id(id).one(tx).await?.ok_or_else(not_found)?;
    let hers = Held::by(tx, id).await?;
    if held.covers(hers.permissions()) {
        return Ok((user, hers));
    }
    if !held.may(Permission::UsersRead) {
        return Err(not_found());
    }
    let message = "This user may do what you may not, and so is not yours to change.";
    Err(Problem::forbidden("outranked", message))
}

/// 404 for a user.
pub fn not_found() -> Problem {
    Problem::not_found("There is no such user.")
}

async fn check_free(tx: &impl ConnectionTrait, email: &Email) -> Result<(), Problem> {
    if codes::find_user(tx, &email.key()).await?.is_some() {
        return Err(Problem::conflict(
            "email_taken",
            "There is an account with this address.",
        ));
    }
    Ok(())
}

async fn discard_codes<const N: usize>(tx: &impl ConnectionTrait, email_keys: [&str; N]) -> Result<(), StoreError> {
    login_codes::Entity::delete_many()
        .filter(login_codes::Column::EmailKey.is_in(email_keys))
        .exec(tx)
        .await?;
    Ok(())
}
