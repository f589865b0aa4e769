//! Looking at rows, and changing them where a test cannot wait.

use parchment_server::store::{Store, StoreError};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait, sea_query::SimpleExpr,
};

use super::app::TestApp;

/// All rows of a table.
pub async fn all<E: EntityTrait>(app: &TestApp) -> Vec<E::Model> {
    E::find().all(app.app().store.reader()).await.unwrap()
}

/// How many rows a table has.
pub async fn count<E: EntityTrait>(app: &TestApp) -> usize {
    all::<E>(app).await.len()
}
