//! Sessions: opaque tokens of 256 bits, stored hashed, 30 days, extended by use.

use std::sync::Arc;

use parchment_core::{encoding::hex, nonce::Digest, time::UnixMillis};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, prelude::Uuid,
};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{
    http::problem::Problem,
    random,
    store::{
        Recent, Store, StoreError,
        entities::{sessions, users},
    },
};

/// How long a session lives without being used, in milliseconds: 30 days.
pub const LIFETIME_MS: i64 = 30 * DAY_MS;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A session token in clear; shown once, to the one who signed in. Wiped when dropped.
///
/// Tokens are never compared: a session is looked up by the hash of its token, and how long that takes says nothing
/// about the token to somebody who does not have it.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// A new token: 32 random bytes in hexadecimal.
    pub fn draw() -> Self {
        let bytes = Zeroizing::new(random::bytes::<32>());
        Self(Zeroizing::new(hex(&*bytes)))
    }

    /// A token that a caller presented.
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text of the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(secret)")
    }
}

/// What a token is found by. A hash without salt is enough for 256 random bits.
fn hash(token: &str) -> Vec<u8> {
    Digest::of(token.as_bytes()).as_bytes().to_vec()
}

/// A session about to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its token.
    pub token: Token,
    /// The client's address.
    pub address: String,
    /// The client's name for itself.
    pub user_agent: Option<String>,
}

/// Begins a session.
pub async fn insert(
    tx: &impl ConnectionTrait,
    user_id: Uuid,
    session: NewSession,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let row = sessions::ActiveModel {
        id: Set(random::id()),
        user_id: Set(user_id),
        token_hash: Set(hash(session.token.as_str())),
        created_at: Set(now.0),
        expires_at: Set(now.0 + LIFETIME_MS),
        extended_at: Set(now.0),
        ipv4: Set(Some(session.address)),
        user_agent: Set(session.user_agent),
    };
    row.insert(tx).await?;
    Ok(())
}

/// Sessions that were asked for since the database was last written to.
pub type RecentSessions = Recent<Digest, Arc<(sessions::Model, users::Model)>>;

/// The live session of a token and its user.
pub async fn find(
    store: &Store,
    recent: &RecentSessions,
    token: &str,
    now: UnixMillis,
) -> Result<Option<(sessions::Model, users::Model)>, StoreError> {
    let hash = Digest::of(token.as_bytes());
    let found = recent.get(store, hash, async || {
        let found = sessions::Entity::find()
            .filter(sessions::Column::TokenHash.eq(hash.as_bytes().to_vec()))
            .find_also_related(users::Entity)
            .one(store.reader())
            .await?;
        Ok(found.and_then(|(session, user)| Some(Arc::new((session, user?)))))
    });
    // An account that is switched off has no sessions; should a way to begin one ever forget that, it opens nothing.
    let found = found
        .await?
        .filter(|found| found.0.expires_at > now.0 && found.1.disabled_at.is_none());
    Ok(found.map(|found| (*found).clone()))
}

/// Whether a session was last extended a day ago: no oftener, so that reading costs no write.
pub fn wants_extension(session: &sessions::Model, now: UnixMillis) -> bool {
    now.0 - session.extended_at >= DAY_MS
}

/// Pushes the end of a session out again.
pub async fn extend(store: &Store, id: Uuid, now: UnixMillis) -> Result<(), StoreError> {
    store
        .write(async |tx| {
            sessions::Entity::update_many()
                .col_expr(sessions::Column::ExpiresAt, (now.0 + LIFETIME_MS).into())
                .col_expr(sessions::Column::ExtendedAt, now.0.into())
                .filter(sessions::Column::Id.eq(id))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}

/// Makes sure that a session still lives, as the first step of a change that it asks for.
///
/// A reset or a sign-out may have ended it since the request was authenticated; what it asked for must not come after.
///
/// # Errors
///
/// 401 `signed_out`.
pub async fn check_alive(tx: &impl ConnectionTrait, id: Uuid) -> Result<(), Problem> {
    let session = sessions::Entity::find_by_id(id).one(tx).await?;
    session.map(drop).ok_or_else(Problem::signed_out)
}

/// All live sessions of a user, newest first.
pub async fn list(store: &Store, user_id: Uuid, now: UnixMillis) -> Result<Vec<sessions::Model>, StoreError> {
    let rows = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user_id))
        .filter(sessions::Column::ExpiresAt.gt(now.0))
        .order_by_desc(sessions::Column::CreatedAt)
        .order_by_desc(sessions::Column::Id)
        .all(store.reader())
        .await?;
    Ok(rows)
}

/// Ends one session of a user; says whether there was one.
pub async fn end(store: &Store, user_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    store
        .write(async |tx| {
            let ended = sessions::Entity::delete_many()
                .filter(sessions::Column::Id.eq(id))
                .filter(sessions::Column::UserId.eq(user_id))
                .exec(tx)
                .await?;
            Ok(ended.rows_affected == 1)
        })
        .await
}

/// Ends all sessions of a user, as part of a larger change.
pub async fn end_all(tx: &impl ConnectionTrait, user_id: Uuid) -> Result<(), StoreError> {
    sessions::Entity::delete_many()
        .filter(sessions::Column::UserId.eq(user_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends all sessions of a user but one, as part of a larger change.
pub async fn end_others(tx: &impl ConnectionTrait, user_id: Uuid, keep: Uuid) -> Result<(), StoreError> {
    sessions::Entity::delete_many()
        .filter(sessions::Column::UserId.eq(user_id))
        .filter(sessions::Column::Id.ne(keep))
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes sessions that have ended.
pub async fn sweep(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    store
        .write(async |tx| {
            sessions::Entity::delete_many()
                .filter(sessions::Column::ExpiresAt.lte(now.0))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}
