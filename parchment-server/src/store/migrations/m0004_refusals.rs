//! What was refused between this server and others, for whoever asks why.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::DbErr,
    schema::{big_integer, text},
    sea_query::{Index, Table},
};

use super::tables::index;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0004_refusals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut refusals = Table::create();
        refusals
            .table("peer_refusals")
            .col(text("server_id"))
            .col(text("way"))
            .col(text("code"))
            .col(text("detail"))
            .col(big_integer("times"))
            .col(big_integer("first_at"))
            .col(big_integer("last_at"))
            .primary_key(Index::create().col("server_id").col("way").col("code"));
        schema.create_table(refusals).await?;
        index(schema, "peer_refusals", &["last_at"]).await
    }
}
