//! Who is sending what waits, so that two processes do not send it at once.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait, prelude::DbErr, schema::big_integer_null,
    sea_query::Table,
};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0007_claims"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut revocations = Table::alter();
        revocations
            .table("revocations")
            .add_column(big_integer_null("claimed_until"));
        schema.alter_table(revocations).await
    }
}
