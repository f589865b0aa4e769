//! How users want to be spoken to.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::DbErr,
    schema::{big_integer, pk_uuid, text},
    sea_query::Table,
};

use super::tables::of_user;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_preferences"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut preferences = Table::create();
        preferences
            .table("preferences")
            .col(pk_uuid("user_id"))
            .col(text("language"))
            .col(text("unit_system"))
            .col(big_integer("updated_at"))
            .foreign_key(&mut of_user("preferences"));
        schema.create_table(preferences).await
    }
}
