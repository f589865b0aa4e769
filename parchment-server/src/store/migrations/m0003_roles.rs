//! Roles of people's own making, and accounts that are switched off.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::DbErr,
    schema::{big_integer, big_integer_null, text, text_null},
    sea_query::{Index, Table},
};

use super::tables::{goes_with, index};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_roles"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut users = Table::alter();
        users.table("users").add_column(big_integer_null("disabled_at"));
        schema.alter_table(users).await?;

        // The default roles are not seeded: what they mean is for the program to say, and no row can change it. So
        // `user_roles` cannot refer to this table by a foreign key.
        let mut roles = Table::create();
        roles
            .table("roles")
            .col(text("id").primary_key())
            .col(text("name"))
            .col(text_null("description"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"));
        schema.create_table(roles).await?;

        let mut permissions = Table::create();
        permissions
            .table("role_permissions")
            .col(text("role_id"))
            .col(text("permission"))
            .primary_key(Index::create().col("role_id").col("permission"))
            .foreign_key(&mut goes_with("role_permissions", "role_id", "roles", "id"));
        schema.create_table(permissions).await?;

        // Who has a role is asked when it goes, and whether an admin is left with every change of one.
        index(schema, "user_roles", &["role"]).await
    }
}
