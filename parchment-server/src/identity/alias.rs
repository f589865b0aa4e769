//! Aliases: unique without regard to case, looked up exactly, reserved for ever.

use parchment_core::{handle::Alias, time::UnixMillis};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, prelude::Uuid,
};

use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    store::{
        Store, StoreError,
        entities::{alias_reservations, friendships, invitations, revocations, users},
    },
};

/// How many aliases one user can reserve over time.
const MAX_RESERVED: u64 = 10;

/// Gives the caller an alias; setting the one she has changes nothing.
///
/// # Errors
///
/// 409 `alias_taken` when it is or was somebody else's in any spelling; 409 `alias_in_use` when she has one and
/// others know her by it: friends, open invitations or pending revocations.
pub async fn set(store: &Store, caller: &Caller, alias: &Alias, now: UnixMillis) -> Result<(), Problem> {
    let user_id = caller.user.id;
    let key = key(alias);
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let user = users::Entity::find_by_id(user_id).one(tx).await?;
            let user = user.ok_or_else(Problem::signed_out)?;
            if user.alias.as_deref() == Some(alias.as_str()) {
                return Ok(());
            }
            if user.alias.is_some() && is_known_to_others(tx, user_id).await? {
                let message = "Others know you by your alias; end friendships, invitations and revocations first.";
                return Err(Problem::conflict("alias_in_use", message));
            }
            let reserved = alias_reservations::Entity::find_by_id(&key).one(tx).await?;
            match reserved {
                Some(reserved) if reserved.user_id != Some(user_id) => {
                    return Err(Problem::conflict("alias_taken", "This alias is taken."));
                }
                Some(_) => {}
                None => {
                    let mine = alias_reservations::Column::UserId.eq(user_id);
                    let used = alias_reservations::Entity::find().filter(mine).count(tx).await?;
                    if used >= MAX_RESERVED {
                        let message = "You have used as many aliases as one may; take one of them again.";
                        return Err(Problem::conflict("too_many_aliases", message));
                    }
                    let reservation = alias_reservations::ActiveModel {
                        alias_key: Set(key.clone()),
                        alias: Set(alias.as_str().to_owned()),
                        user_id: Set(Some(user_id)),
                        created_at: Set(now.0),
                    };
                    reservation.insert(tx).await?;
                }
            }
            let mut user = users::ActiveModel::from(user);
            user.alias = Set(Some(alias.as_str().to_owned()));
            user.alias_key = Set(Some(key.clone()));
            user.updated_at = Set(now.0);
            user.update(tx).await?;
            Ok(())
        })
        .await
}

/// Whether a user could take an alias: nobody else has or had it, in any spelling.
pub async fn is_free_for(db: &impl ConnectionTrait, user_id: Uuid, alias: &Alias) -> Result<bool, StoreError> {
    let key = key(alias);
    let reserved = alias_reservations::Entity::find_by_id(key).one(db).await?;
    Ok(reserved.is_none_or(|reserved| reserved.user_id == Some(user_id)))
}

/// The user with exactly this alias.
pub async fn find(db: &impl ConnectionTrait, alias: &Alias) -> Result<Option<users::Model>, StoreError> {
    // The unique column finds her in any spelling; only the exact one counts.
    let user = users::Entity::find()
        .filter(users::Column::AliasKey.eq(key(alias)))
        .one(db)
        .await?;
    Ok(user.filter(|user| user.alias.as_deref() == Some(alias.as_str())))
}

/// What all spellings of an alias have in common.
pub(crate) fn key(alias: &Alias) -> String {
    alias.as_str().to_ascii_lowercase()
}

async fn is_known_to_others(db: &impl ConnectionTrait, user_id: Uuid) -> Result<bool, StoreError> {
    let friends = friendships::Entity::find()
        .filter(friendships::Column::UserId.eq(user_id))
        .count(db)
        .await?;
    let invited = invitations::Entity::find()
        .filter(invitations::Column::UserId.eq(user_id))
        .count(db)
        .await?;
    let pending = revocations::Entity::find()
        .filter(revocations::Column::UserId.eq(user_id))
        .count(db)
        .await?;
    Ok(friends + invited + pending > 0)
}
