//! Whether the server can do its work now.

use parchment_core::time::{FRESHNESS_WINDOW_MS, UnixMillis};
use sea_orm::{EntityTrait as _, QueryOrder as _, QuerySelect as _};

use crate::{
    app::App,
    store::{Store, StoreError, entities::transport_nonces},
};

/// Why a server cannot do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The database gives no answer.
    #[error("The database does not answer.")]
    Database,
    /// Another version of the program has changed the schema since this one started.
    #[error("The database has another schema than this version of the server.")]
    Migrations,
    /// The clock stands before messages that were received already.
    #[error("The clock is behind what the database has seen: set it right, else messages are refused.")]
    Clock,
}

/// Looks at everything that the server needs.
///
/// # Errors
///
/// [`NotReady`] says what is missing first.
pub async fn check(app: &App) -> Result<(), NotReady> {
    if !app.store.is_ready().await {
        return Err(NotReady::Database);
    }
    let unanswered = |error: StoreError| {
        tracing::warn!(%error, "the database is not ready");
        NotReady::Database
    };
    if !app.store.is_current().await.map_err(unanswered)? {
        return Err(NotReady::Migrations);
    }
    match newest_message(&app.store).await.map_err(unanswered)? {
        Some(newest) if newest.0 - app.now().0 > FRESHNESS_WINDOW_MS => Err(NotReady::Clock),
        _ => Ok(()),
    }
}

/// When the newest message was received, by the clock of then.
async fn newest_message(store: &Store) -> Result<Option<UnixMillis>, StoreError> {
    let newest = transport_nonces::Entity::find()
        .select_only()
        .column(transport_nonces::Column::ReceivedAt)
        .order_by_desc(transport_nonces::Column::ReceivedAt)
        .into_tuple::<i64>()
        .one(store.reader())
        .await?;
    Ok(newest.map(UnixMillis))
}
