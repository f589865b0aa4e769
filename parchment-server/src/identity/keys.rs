//! A user's public keys.

use parchment_core::{
    handle::{Alias, Handle, ServerId},
    keys::{AgreementKey, VerifyingKey},
    manifest::UserDocument,
    time::UnixMillis,
};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    store::{Store, entities::users},
};

/// Replaces the caller's public keys.
///
/// # Errors
///
/// 401 when her session has ended by now, such as by a reset.
pub async fn set(
    store: &Store,
    caller: &Caller,
    signing: &VerifyingKey,
    encryption: &AgreementKey,
    now: UnixMillis,
) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            users::Entity::update_many()
                .col_expr(users::Column::SigningKey, signing.as_bytes().to_vec().into())
                .col_expr(users::Column::EncryptionKey, encryption.as_bytes().to_vec().into())
                .col_expr(users::Column::UpdatedAt, now.0.into())
                .filter(users::Column::Id.eq(caller.user.id))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}

/// What this server says of one of its users; none before she has an alias and a signing key, and none while her account
/// is switched off: whoever did that may doubt whose keys these are.
pub fn document(user: &users::Model, server: &ServerId) -> Option<UserDocument> {
    let alias = Alias::parse(user.alias.as_deref()?).ok()?;
    let signing = signing_key(user)?;
    let encryption = user
        .encryption_key
        .as_deref()
        .and_then(|key| key.try_into().ok())
        .and_then(|key| AgreementKey::from_bytes(key).ok());
    let mut document = UserDocument::new(Handle::new(&alias, server), signing, encryption);
    let names = [user.first_name.as_deref(), user.last_name.as_deref()];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    document.name = Some(name).filter(|name| !name.is_empty());
    document.picture = user.picture.clone();
    Some(document)
}

/// Makes sure that a user is still who she was when the request began: same alias, same signing key.
///
/// Between the check of a signature and the row that it causes another request may have reset her identity.
///
/// # Errors
///
/// 409 `identity_changed`; 401 when her account was removed or switched off.
pub async fn check_unchanged(tx: &impl ConnectionTrait, before: &users::Model) -> Result<(), Problem> {
    let now = users::Entity::find_by_id(before.id).one(tx).await?;
    let now = now
        .filter(|now| now.disabled_at.is_none())
        .ok_or_else(Problem::signed_out)?;
    if now.alias == before.alias && now.signing_key == before.signing_key {
        return Ok(());
    }
    Err(Problem::conflict(
        "identity_changed",
        "Your alias or key changed in the meantime; do it again.",
    ))
}

/// A user's signing key, once she registered one and while her account is not switched off.
pub fn signing_key(user: &users::Model) -> Option<VerifyingKey> {
    if user.disabled_at.is_some() {
        return None;
    }
    let bytes = user.signing_key.as_deref()?.try_into().ok()?;
    VerifyingKey::from_bytes(bytes).ok()
}
