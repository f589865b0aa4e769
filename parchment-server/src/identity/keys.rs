//! A user's public keys.

use parchment_core::{
    handle::{Alias, Handle, ServerId},
    keys::{AgreementKey, VerifyingKey},
    manifest::UserDocument,
    time::UnixMillis,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, prelude::Uuid};

use crate::store::{Store, StoreError, entities::users};

/// Replaces a user's public keys.
pub async fn set(
    store: &Store,
    user_id: Uuid,
    signing: &VerifyingKey,
    encryption: &AgreementKey,
    now: UnixMillis,
) -> Result<(), StoreError> {
    store
        .write(async |tx| {
            users::Entity::update_many()
                .col_expr(users::Column::SigningKey, signing.as_bytes().to_vec().into())
                .col_expr(users::Column::EncryptionKey, encryption.as_bytes().to_vec().into())
                .col_expr(users::Column::UpdatedAt, now.0.into())
                .filter(users::Column::Id.eq(user_id))
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}

/// What this server says of one of its users; none before she has an alias and a signing key.
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

/// A user's signing key, once she registered one.
pub fn signing_key(user: &users::Model) -> Option<VerifyingKey> {
    let bytes = user.signing_key.as_deref()?.try_into().ok()?;
    VerifyingKey::from_bytes(bytes).ok()
}
