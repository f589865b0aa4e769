//! Passkeys, and the challenges of ceremonies under way.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::DbErr,
    schema::{big_integer, big_integer_null, blob, boolean, text, uuid, uuid_null},
    sea_query::Table,
};

use super::tables::{index, of_user};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0005_passkeys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut passkeys = Table::create();
        passkeys
            .table("passkeys")
            .col(blob("credential_id").primary_key())
            .col(uuid("user_id"))
            .col(text("name"))
            .col(blob("public_key"))
            .col(big_integer("counter"))
            .col(boolean("backup_eligible"))
            .col(boolean("backed_up"))
            .col(text("transports"))
            .col(big_integer("created_at"))
            .col(big_integer_null("last_used_at"))
            .foreign_key(&mut of_user("passkeys"));
        schema.create_table(passkeys).await?;
        index(schema, "passkeys", &["user_id"]).await?;

        let mut challenges = Table::create();
        challenges
            .table("passkey_challenges")
            .col(blob("challenge").primary_key())
            .col(text("purpose"))
            .col(uuid_null("user_id"))
            .col(text("state"))
            .col(big_integer("expires_at"))
            .foreign_key(&mut of_user("passkey_challenges"));
        schema.create_table(challenges).await?;
        index(schema, "passkey_challenges", &["user_id"]).await?;
        index(schema, "passkey_challenges", &["expires_at"]).await
    }
}
