//! Challenges: rows that live five minutes and are taken once.

use parchment_core::time::UnixMillis;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _, prelude::Uuid,
};

use super::challenge_not_found;
use crate::{
    http::problem::Problem,
    store::{
        Store, StoreError,
        entities::passkey_challenges::{ActiveModel, Column, Entity, Purpose as Kind},
    },
};

/// How long a ceremony may take, in milliseconds: five minutes.
pub(super) const LIFETIME_MS: u32 = 5 * 60 * 1000;

/// What a challenge is good for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Registering a passkey for this user.
    Register(Uuid),
    /// Signing in.
    SignIn,
}

impl Purpose {
    fn parts(self) -> (Kind, Option<Uuid>) {
        match self {
            Self::Register(user) => (Kind::Register, Some(user)),
            Self::SignIn => (Kind::SignIn, None),
        }
    }

    /// Finds a challenge only if it was given out for this purpose and still lives.
    fn live(self, challenge: &[u8], now: UnixMillis) -> Condition {
        let (kind, user) = self.parts();
        Condition::all()
            .add(Column::Challenge.eq(challenge))
            .add(Column::Purpose.eq(kind))
            .add(user.map_or_else(|| Column::UserId.is_null(), |user| Column::UserId.eq(user)))
            .add(Column::ExpiresAt.gt(now.0))
    }
}

/// Gives out a challenge with what its verification needs to know.
pub(super) async fn give_out(
    tx: &impl ConnectionTrait,
    challenge: Vec<u8>,
    purpose: Purpose,
    state: String,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let (purpose, user_id) = purpose.parts();
    let row = ActiveModel {
        challenge: Set(challenge),
        purpose: Set(purpose),
        user_id: Set(user_id),
        state: Set(state),
        expires_at: Set(now.0 + i64::from(LIFETIME_MS)),
    };
    row.insert(tx).await?;
    Ok(())
}

/// What the verification of an answer to this challenge needs to know; leaves the challenge.
pub(super) async fn find(
    store: &Store,
    challenge: &[u8],
    purpose: Purpose,
    now: UnixMillis,
) -> Result<String, Problem> {
    let row = Entity::find()
        .filter(purpose.live(challenge, now))
        .one(store.reader())
        .await?;
    row.map(|row| row.state).ok_or_else(challenge_not_found)
}

/// Takes a challenge, for the one who comes first.
pub(super) async fn take(
    tx: &impl ConnectionTrait,
    challenge: &[u8],
    purpose: Purpose,
    now: UnixMillis,
) -> Result<(), Problem> {
    let taken = Entity::delete_many()
        .filter(purpose.live(challenge, now))
        .exec(tx)
        .await?;
    if taken.rows_affected == 0 {
        return Err(challenge_not_found());
    }
    Ok(())
}

/// Deletes challenges that nobody answered in time.
pub async fn sweep(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    store
        .write(async |tx| {
            Entity::delete_many()
                .filter(Column::ExpiresAt.lte(now.0))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}
