//! How a user's clients speak to her: language and units.

use oxilangtag::LanguageTag;
use parchment_core::{
    api::accounts::{Preferences, PreferencesRequest, UnitSystem},
    time::UnixMillis,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _, prelude::Uuid, sea_query::OnConflict};

use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    store::{
        Store, StoreError,
        entities::preferences::{self, Units},
    },
};

/// What holds until a user chooses.
const DEFAULT_LANGUAGE: &str = "en-US";

/// The preferences of a user.
pub async fn get(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Preferences, StoreError> {
    let row = preferences::Entity::find_by_id(user_id).one(db).await?;
    Ok(row.map_or_else(
        || Preferences {
            language: DEFAULT_LANGUAGE.to_owned(),
            unit_system: UnitSystem::Metric,
        },
        |row| Preferences {
            language: row.language,
            unit_system: match row.unit_system {
                Units::Metric => UnitSystem::Metric,
                Units::Imperial => UnitSystem::Imperial,
            },
        },
    ))
}

/// Changes the caller's preferences; what is not named stays.
///
/// # Errors
///
/// 422 when the language is not a tag of BCP 47; 401 when the session has ended by now.
pub async fn change(
    store: &Store,
    caller: &Caller,
    change: PreferencesRequest,
    now: UnixMillis,
) -> Result<Preferences, Problem> {
    if let Some(language) = &change.language {
        LanguageTag::parse(language.as_str())
            .map_err(|_| Problem::invalid_body("language: a language tag such as de-CH is expected"))?;
    }
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let before = get(tx, caller.user.id).await?;
            let after = Preferences {
                language: change.language.unwrap_or(before.language),
                unit_system: change.unit_system.unwrap_or(before.unit_system),
            };
            let row = preferences::ActiveModel {
                user_id: Set(caller.user.id),
                language: Set(after.language.clone()),
                unit_system: Set(match after.unit_system {
                    UnitSystem::Metric => Units::Metric,
                    UnitSystem::Imperial => Units::Imperial,
                }),
                updated_at: Set(now.0),
            };
            let replace = OnConflict::column(preferences::Column::UserId)
                .update_columns([
                    preferences::Column::Language,
                    preferences::Column::UnitSystem,
                    preferences::Column::UpdatedAt,
                ])
                .to_owned();
            preferences::Entity::insert(row)
                .on_conflict(replace)
                .exec_without_returning(tx)
                .await?;
            Ok(after)
        })
        .await
}
